import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, silentLogger, until } from '@simfleet/testing';
import { expireOutputHourly } from '../src/output/expire-output.ts';
import { outputStream } from '../src/output/output-log.ts';
import { runCollection } from '../src/runs/run-document.ts';
import type { RunDocument } from '../src/runs/run-document.ts';

const dayMs = 86_400_000;

const platform = async () => {
  const store = openMemoryStorage();
  const clock = fakeClock();
  const runs = await store.collection<RunDocument>(runCollection);
  /** A job that printed a line on each of these days, counted back from now. */
  const job = async (jobId: string, active: boolean, days: readonly number[]): Promise<void> => {
    const queuedAt = clock.now() - 30 * dayMs;
    await runs.insert(jobId, { customer: 'acme', jobId, active, queuedAt } as unknown as RunDocument);
    const line = (day: number): string => new Date(clock.now() - day * dayMs).toISOString();
    const entries = days.map((day, index) => ({ key: String(index), data: { time: line(day) } }));
    await store.log.append(outputStream(jobId), entries);
  };
  const positions = async (jobId: string): Promise<readonly number[]> =>
    (await store.log.read(outputStream(jobId), 0, 5000)).map(({ position }) => position);
  const options = { log: store.log, runs, clock, logger: silentLogger() };
  return { clock, job, positions, options };
};

test('old output of jobs that rest goes, at once and as time passes; that of jobs that run stays', async () => {
  const { clock, job, positions, options } = await platform();
  await job('rests', false, [9, 8, 2, 1]);
  await job('runs', true, [9, 8]);
  const end = expireOutputHourly({ ...options, keptDays: 3 });
  await until('the oldest lines are gone', async () => (await positions('rests')).length === 2);
  assert.deepEqual(
    [await positions('rests'), await positions('runs')],
    [
      [3, 4],
      [1, 2],
    ],
  );
  await until('the next round waits', () => clock.waiting === 1);
  await clock.advance(1.5 * dayMs);
  await until('one more is gone', async () => (await positions('rests')).length === 1);
  await end();
  assert.equal(clock.waiting, 0);
});

test('long output and many jobs go in batches', async () => {
  const { clock, job, positions, options } = await platform();
  const many = Array.from({ length: 230 }, (_, index) => `job-${index}`);
  for (const id of many) await job(id, false, [9]);
  await job(
    'long',
    false,
    Array.from({ length: 1200 }, () => 9),
  );
  const end = expireOutputHourly({ ...options, keptDays: 3 });
  await until('all is gone', async () => {
    await clock.advance(50);
    const left = await Promise.all(['long', ...many].map(positions));
    return left.every((each) => each.length === 0);
  });
  await end();
});

test('without a bound nothing is looked at', async () => {
  const { clock, job, positions, options } = await platform();
  await job('rests', false, [900]);
  await expireOutputHourly({ ...options, keptDays: null })();
  assert.deepEqual([await positions('rests'), clock.waiting], [[1], 0]);
});
