import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../src/index.ts';

test('a sleep lasts at least its time by the monotonic clock', async () => {
  const began = systemClock.monotonic();
  const hold = setInterval(() => undefined, 1_000);
  await systemClock.sleep(20);
  clearInterval(hold);
  assert.ok(systemClock.monotonic() - began >= 19);
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
