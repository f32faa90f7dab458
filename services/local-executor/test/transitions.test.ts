import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobChanged } from '@simfleet/contracts';
import { shardRecord } from '../src/runs/run-document.ts';
import type { RunDocument } from '../src/runs/run-document.ts';
import { attemptEnded, attemptStarted, obeyed, wantedShards } from '../src/runs/transitions.ts';
import type { AttemptEnd } from '../src/runs/transitions.ts';

const job: JobChanged = {
  jobId: 'job-1',
  name: 'a',
  customer: 'default',
  state: 'Queued',
  stopReason: null,
  desired: 'run',
  shards: 3,
  backoffLimitPerIndex: 2,
  generation: 1,
  deleted: false,
};
const run = obeyed(null, job, 1, 1000);
const end = (exitCode: number | null, more: Partial<AttemptEnd> = {}): AttemptEnd => ({
  ...{ exitCode, signal: exitCode === null ? 'SIGKILL' : null, message: '', accepted: 0, expected: false },
  ...more,
});
const after = (state: RunDocument, ...ends: readonly AttemptEnd[]): RunDocument =>
  ends.reduce((each, one) => attemptEnded(attemptStarted(each, 0), 0, one, each.generation), state);

test('a new job wants its shards and is active', () => {
  assert.deepEqual(wantedShards(run), [0, 1, 2]);
  assert.ok(run.active);
});

test('a suspended job wants none but stays active; a stopped one is over', () => {
  const suspended = obeyed(run, { ...job, desired: 'suspend' }, 2, 2000);
  assert.deepEqual([wantedShards(suspended), suspended.active], [[], true]);
  const stopped = obeyed(run, { ...job, desired: 'stop' }, 2, 2000);
  assert.deepEqual([wantedShards(stopped), stopped.active], [[], false]);
});

test('a stopped job stays active until its last shard has ended', () => {
  const stopped = obeyed(attemptStarted(run, 0), { ...job, desired: 'stop' }, 2, 2000);
  assert.ok(stopped.active);
  assert.ok(!attemptEnded(stopped, 0, end(0), 1).active);
});

test('a deleted job is stopped, whatever else the event says', () => {
  assert.equal(obeyed(run, { ...job, deleted: true }, 2, 2000).desired, 'stop');
});

test('fewer shards keep the lowest indexes, and the age in the queue stays', () => {
  const fewer = obeyed(run, { ...job, shards: 1 }, 2, 9999);
  assert.deepEqual(wantedShards(fewer), [0]);
  assert.equal(fewer.queuedAt, 1000);
});

const endings: readonly [string, readonly AttemptEnd[], number, string | null][] = [
  ['a kill counts as a failure', [end(null)], 1, null],
  ['exit code 1 counts as a failure', [end(1), end(1)], 2, null],
  ['failures in a row beyond the limit exhaust a shard', [end(1), end(1), end(null)], 3, 'exhausted'],
  ['an accepted block ends a row of failures', [end(1), end(1), end(1, { accepted: 1 }), end(1)], 2, null],
  ['exit code 143 is no failure', [end(143), end(143), end(143)], 0, null],
  [
    'an end that the executor asked for is no failure',
    [end(1, { expected: true }), end(null, { expected: true })],
    0,
    null,
  ],
  ['exit code 42 ends the shard at once', [end(42)], 1, 'bad-input'],
  ['exit code 0 says that the job is over', [end(0)], 0, 'told-to-stop'],
];
for (const [name, ends, failures, gaveUp] of endings) {
  test(name, () => {
    const record = shardRecord(after(run, ...ends), 0);
    assert.deepEqual([record.failures, record.gaveUp], [failures, gaveUp]);
    assert.equal(record.attempt, ends.length);
  });
}

test('an exhausted shard leaves the others running; bad input and a stop hold for all of them', () => {
  assert.deepEqual(wantedShards(after(run, end(1), end(1), end(1))), [1, 2]);
  assert.deepEqual(wantedShards(after(run, end(42))), []);
  assert.deepEqual(wantedShards(after(run, end(0))), []);
});

test('a new generation forgives failures and counts attempts on', () => {
  const extended = obeyed(after(run, end(1), end(1), end(1)), { ...job, generation: 2 }, 9, 5000);
  assert.deepEqual(wantedShards(extended), [0, 1, 2]);
  assert.equal(shardRecord(attemptStarted(extended, 0), 0).attempt, 4);
});

test('an attempt of an older generation that ends late says nothing about the new one', () => {
  const extended = obeyed(attemptStarted(run, 0), { ...job, generation: 2 }, 9, 5000);
  assert.deepEqual(wantedShards(attemptEnded(extended, 0, end(0), 1)), [0, 1, 2]);
});
