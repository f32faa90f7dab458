import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/index.ts';

test('a sleep lasts at least its time by the monotonic clock', async () => {
  const hold = setInterval(() => undefined, 1_000);
  for (const ms of [0, 0.5, 1, 3, 3.7, 20]) {
    const began = systemClock.monotonic();
    // Work in the same turn of the loop: Node counts a timer from the start of the turn.
    while (systemClock.monotonic() - began < 5);
    const slept = systemClock.monotonic();
    await systemClock.sleep(ms);
    assert.ok(systemClock.monotonic() - slept >= ms, `a sleep of ${ms} ms`);
  }
  clearInterval(hold);
});

test('an aborted sleep ends at once, and one that is aborted before never starts', async () => {
  const stop = new AbortController();
  const slept = systemClock.sleep(3_600_000, stop.signal);
  stop.abort();
  await slept;
  await systemClock.sleep(3_600_000, stop.signal);
});

test('a delay longer than a Node timer does not fire at once', async () => {
  const cancel = systemClock.after(2 ** 40, () => assert.fail('fired'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  cancel();
});
