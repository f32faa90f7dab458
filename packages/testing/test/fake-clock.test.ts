import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../src/index.ts';

test('timers are called in order of their time, each at its time', async () => {
  const clock = fakeClock(1_000);
  const calls: string[] = [];
  clock.after(20, () => calls.push(`second at ${clock.now()}`));
  clock.after(10, () => calls.push(`first at ${clock.now()}`));
  await clock.advance(15);
  assert.deepEqual(calls, ['first at 1010']);
  await clock.advance(15);
  assert.deepEqual(calls, ['first at 1010', 'second at 1020']);
  clock.after(5, () => calls.push('later'));
  clock.after(3, () => calls.push('sooner'));
  await clock.advance(0);
  assert.equal(calls.length, 2);
  await clock.advance(10);
  assert.deepEqual(calls.slice(2), ['sooner', 'later']);
  assert.equal(clock.now(), 1_040);
  assert.equal(clock.waiting, 0);
});

test('what a sleeper does next happens before later timers', async () => {
  const clock = fakeClock();
  const woken: number[] = [];
  const loop = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await clock.sleep(10);
      woken.push(clock.monotonic());
    }
  };
  const looping = loop();
  await clock.advance(100);
  await looping;
  assert.deepEqual(woken, [10, 20, 30]);
});

test('a cancelled timer is never called, and an aborted sleep ends at once', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  clock.after(1, () => assert.fail('was cancelled'))();
  const slept = clock.sleep(1_000, stop.signal);
  stop.abort();
  await slept;
  await clock.advance(2_000);
  assert.equal(clock.waiting, 0);
});
