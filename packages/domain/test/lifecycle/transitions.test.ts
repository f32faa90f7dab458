import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cancel,
  deadlineAt,
  desiredState,
  expiresAt,
  extend,
  finish,
  initialState,
  isDeadlineExceeded,
  isOver,
  resume,
  runningSeconds,
  start,
  suspend,
} from '../../src/index.ts';
import type { JobFacts } from '../../src/index.ts';
import { spec } from '../builders.ts';

const queued = (members: Parameters<typeof spec>[0] = {}): JobFacts => {
  const wanted = spec(members);
  return {
    state: initialState(wanted),
    stopReason: null,
    spec: wanted,
    startedAt: null,
    runningSince: null,
    accumulatedSeconds: 0,
    finishedAt: null,
  };
};
const running = (members?: Parameters<typeof spec>[0]): JobFacts => start(queued(members), 10_000);

test('a job starts with its first shard, once', () => {
  const job = running();
  assert.deepEqual([job.state, job.startedAt, job.runningSince], ['Running', 10_000, 10_000]);
  assert.equal(start(job, 20_000), job);
});

test('a job created suspended waits for resume', () => {
  const job = queued({ suspend: true });
  assert.deepEqual([job.state, desiredState(job)], ['Suspended', 'suspend']);
  assert.equal(start(job, 1), job);
  assert.deepEqual([resume(job).state, desiredState(resume(job))], ['Queued', 'run']);
});

test('time runs only while the job does, and adds up over suspensions', () => {
  const paused = suspend(running(), 15_000);
  assert.deepEqual([paused.state, paused.accumulatedSeconds, paused.runningSince], ['Suspended', 5, null]);
  assert.equal(runningSeconds(paused, 99_000), 5);
  const again = start(resume(paused), 20_000);
  assert.deepEqual([again.state, again.startedAt, runningSeconds(again, 27_000)], ['Running', 10_000, 12]);
  assert.equal(finish(again, 'Completed', 30_000).accumulatedSeconds, 15);
});

test('suspending twice and resuming a running job change nothing', () => {
  const paused = suspend(running(), 15_000);
  assert.equal(suspend(paused, 16_000), paused);
  const job = running();
  assert.equal(resume(job), job);
});

test('a shard that starts late neither resumes nor revives a job', () => {
  const paused = suspend(queued(), 1);
  assert.equal(start(paused, 2), paused);
  const over = finish(running(), 'BadInput', 20_000);
  assert.equal(start(over, 30_000), over);
});

for (const [reason, state] of [
  ['PrecisionReached', 'Succeeded'],
  ['Completed', 'Succeeded'],
  ['Cancelled', 'Cancelled'],
  ['DeadlineExceeded', 'Failed'],
  ['BadInput', 'Failed'],
  ['RetriesExhausted', 'Failed'],
  ['NotReproducible', 'Failed'],
  ['EngineUnavailable', 'Failed'],
] as const)
  test(`a job that ends by ${reason} is ${state} and its shards stop`, () => {
    const job = finish(running(), reason, 20_000);
    assert.deepEqual([job.state, job.stopReason, job.finishedAt, job.runningSince], [state, reason, 20_000, null]);
    assert.ok(isOver(job));
    assert.equal(desiredState(job), 'stop');
  });

test('the first terminal reason wins', () => {
  const job = finish(running(), 'Completed', 20_000);
  assert.equal(finish(job, 'DeadlineExceeded', 21_000), job);
});

test('cancelling twice changes nothing; cancelling another end is refused', () => {
  const cancelled = cancel(running(), 20_000);
  assert.deepEqual([cancelled.state, cancelled.spec.cancelled], ['Cancelled', true]);
  assert.equal(cancel(cancelled, 30_000), cancelled);
  assert.throws(() => cancel(finish(running(), 'Completed', 20_000), 30_000), { code: 'job-over' });
});

test('a job that is over is neither suspended nor resumed', () => {
  const over = finish(running(), 'Completed', 20_000);
  assert.throws(() => suspend(over, 1), { code: 'job-over' });
  assert.throws(() => resume(over), { code: 'job-over' });
});

test('an extension queues a job that had succeeded, and lets an active one go on', () => {
  const wider = spec({ maxPaths: '200' });
  const again = extend(finish(running({ maxPaths: '100' }), 'Completed', 20_000), wider);
  assert.deepEqual([again.state, again.stopReason, again.finishedAt], ['Queued', null, null]);
  assert.deepEqual([again.spec, again.accumulatedSeconds, again.startedAt], [wider, 10, 10_000]);
  assert.equal(extend(running(), wider).state, 'Running');
});

test('an extension of a job that failed or was cancelled is refused', () => {
  for (const reason of ['Cancelled', 'DeadlineExceeded', 'NotReproducible'] as const)
    assert.throws(() => extend(finish(running(), reason, 1), spec()), { code: 'job-over' });
});

test('activeDeadlineSeconds counts from the start or the last resume', () => {
  const job = running({ activeDeadlineSeconds: 60 });
  assert.equal(deadlineAt(job), 70_000);
  const again = start(resume(suspend(job, 50_000)), 100_000);
  assert.equal(deadlineAt(again), 160_000);
});

test('maxTotalSeconds adds up over suspensions', () => {
  const job = running({ maxTotalSeconds: 60 });
  assert.equal(deadlineAt(job), 70_000);
  const again = start(resume(suspend(job, 50_000)), 100_000);
  assert.equal(deadlineAt(again), 120_000);
});

test('the earlier of both deadlines counts, to the millisecond', () => {
  const job = running({ activeDeadlineSeconds: 90, maxTotalSeconds: 60 });
  assert.equal(deadlineAt(job), 70_000);
  assert.deepEqual([isDeadlineExceeded(job, 69_999), isDeadlineExceeded(job, 70_000)], [false, true]);
});

test('time in the queue, in suspension and after the end is free', () => {
  const limits = { activeDeadlineSeconds: 1, maxTotalSeconds: 1 };
  assert.equal(deadlineAt(queued(limits)), null);
  assert.equal(deadlineAt(suspend(running(limits), 10_500)), null);
  assert.equal(deadlineAt(finish(running(limits), 'Completed', 10_500)), null);
  assert.equal(deadlineAt(running()), null);
});

test('a record expires its TTL after the end, at once for 0, and never without one', () => {
  assert.equal(expiresAt(finish(running({ ttlSecondsAfterFinished: 30 }), 'Completed', 20_000)), 50_000);
  assert.equal(expiresAt(finish(running({ ttlSecondsAfterFinished: 0 }), 'Completed', 20_000)), 20_000);
  assert.equal(expiresAt(finish(running(), 'Completed', 20_000)), null);
  assert.equal(expiresAt(running({ ttlSecondsAfterFinished: 30 })), null);
});

test('whatever happens in whatever order, what is over stays over, and time only runs while running', () => {
  const actions = fc.array(fc.constantFrom('start', 'suspend', 'resume', 'cancel', 'complete', 'fail'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(actions, (names) => {
      let job = queued();
      let [now, ran] = [0, 0];
      for (const name of names) {
        now += 1000;
        if (job.state === 'Running') ran += 1;
        const before = job;
        try {
          if (name === 'start') job = start(job, now);
          if (name === 'suspend') job = suspend(job, now);
          if (name === 'resume') job = resume(job);
          if (name === 'cancel') job = cancel(job, now);
          if (name === 'complete') job = finish(job, 'Completed', now);
          if (name === 'fail') job = finish(job, 'BadInput', now);
        } catch (error) {
          assert.ok(isOver(before) && (error as { code: string }).code === 'job-over');
        }
        if (isOver(before)) assert.equal(job, before);
        assert.equal(runningSeconds(job, now), ran);
        assert.equal(job.runningSince !== null, job.state === 'Running');
        assert.equal(job.stopReason !== null, isOver(job));
      }
    }),
  );
});
