import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportReply } from '@simfleet/contracts';
import { runShard } from '../../src/worker/index.ts';
import {
  assignment,
  counterEngine,
  leaseOf,
  leasingPlatform,
  resultOf,
  scriptedPlatform,
  surroundings,
  task,
} from './fake-platform.ts';
import type { Answer } from './fake-platform.ts';

const stop: ReportReply = { action: 'stop', lease: null };
const work = (first: number, count: number): ReportReply => ({
  action: 'continue',
  lease: leaseOf(first, count),
  task,
});

test('a shard runs every block of a job once and exits 0 after stop', async () => {
  const platform = leasingPlatform(40, 7);
  const { given, accepted } = surroundings(platform.transport);
  const outcome = await runShard(assignment, given);
  assert.equal(outcome.exitCode, 0);
  assert.deepEqual(
    [...platform.done.keys()].sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, block) => block),
  );
  assert.ok(
    [...platform.done].every(([block, results]) => results.length === 1 && same(results[0], resultOf(block, 10))),
  );
  assert.equal(accepted.at(-1), 40);
  assert.ok(platform.tokens.every((token) => token === 'secret-token'));
});

test('the last block of a bounded job is short', async () => {
  const platform = leasingPlatform(4, 2, 33);
  await runShard(assignment, surroundings(platform.transport).given);
  assert.deepEqual(platform.done.get(3), [resultOf(3, 3)]);
});

test('seed, parameters, block size and block arrive at the kernel as the task says', async () => {
  const requests: unknown[] = [];
  const platform = leasingPlatform(1, 1);
  const engine = counterEngine((request) => requests.push(request));
  await runShard(assignment, surroundings(platform.transport, engine).given);
  assert.deepEqual(requests, [{ parameters: { step: 3 }, seed: 2n ** 64n - 1n, blockSize: 10, block: 0, units: 10 }]);
});

test('only the first report asks for the task, and every report names shard and attempt', async () => {
  const platform = leasingPlatform(30, 5);
  await runShard(assignment, surroundings(platform.transport).given);
  assert.deepEqual(
    platform.reports.map(({ describe }) => describe),
    platform.reports.map((_, index) => index === 0),
  );
  assert.ok(platform.reports.every(({ shard, attempt }) => shard === 2 && attempt === 5));
});

test('a long lease is reported in parts while the work goes on', async () => {
  let done = 0;
  const platform = scriptedPlatform((report) => {
    done += report.done.length;
    return done === 100 ? stop : work(done, 100 - done);
  });
  const outcome = await runShard(assignment, surroundings(platform.transport).given);
  assert.equal(outcome.exitCode, 0);
  assert.ok(platform.reports.length > 3);
  const blocks = platform.reports.flatMap(({ done }) => done.map(({ block }) => block));
  assert.deepEqual(
    blocks,
    Array.from({ length: 100 }, (_, block) => block),
  );
});

const refusals: readonly [string, Answer, number][] = [
  ['a wrong token (401) ends the shard with 1', 401, 1],
  ['a token of another job (403) ends the shard with 1', 403, 1],
  ['a job that is gone (404) ends the shard with 1', 404, 1],
  ['a block with other bytes (409) ends the shard with 1', 409, 1],
  ['a task for another kernel ends the shard with 42', { ...work(0, 1), task: { ...task, kernelHash: 'other' } }, 42],
  ['a task for an unknown engine ends the shard with 42', { ...work(0, 1), task: { ...task, engine: 'other' } }, 42],
  ['a first reply without a task ends the shard with 1', { action: 'continue', lease: leaseOf(0, 1) }, 1],
  ['a job that is over ends the shard with 0', stop, 0],
];
for (const [name, reply, exitCode] of refusals) {
  test(name, async () => {
    const platform = scriptedPlatform(() => reply);
    const outcome = await runShard(assignment, surroundings(platform.transport).given);
    assert.equal(outcome.exitCode, exitCode);
    assert.equal(platform.reports.length, 1);
    assert.notEqual(outcome.message, '');
  });
}

test('a kernel that refuses its parameters ends the shard with 42, any other fault with 1', async () => {
  for (const [code, exitCode] of [
    ['invalid-request', 42],
    ['internal', 1],
  ] as const) {
    const engine = counterEngine(() => {
      throw Object.assign(new Error('volatility is odd'), { code });
    });
    const outcome = await runShard(
      assignment,
      surroundings(scriptedPlatform(() => work(0, 1)).transport, engine).given,
    );
    assert.equal(outcome.exitCode, exitCode);
    assert.match(outcome.message, /volatility is odd/);
  }
});

test('results are kept and sent again while the platform cannot be reached, starts, or has a full disk', async () => {
  const troubles: Answer[] = [new Error('ECONNREFUSED'), 503, 507, 429, 500];
  const platform = scriptedPlatform((report) => {
    if (report.describe) return work(0, 3);
    return report.done.length > 0 ? (troubles.shift() ?? stop) : stop;
  });
  const outcome = await runShard(assignment, surroundings(platform.transport).given);
  assert.equal(outcome.exitCode, 0);
  const withResults = platform.reports.filter(({ done }) => done.length > 0);
  assert.equal(withResults.length, 6);
  assert.ok(withResults.every(({ done }) => same(done, withResults[0]?.done)));
});

test('an answer that is no reply, such as a page of a proxy, is not taken for one', async () => {
  let first = true;
  const platform = scriptedPlatform(() => {
    if (!first) return stop;
    first = false;
    return { action: 'dance', lease: null } as unknown as ReportReply;
  });
  const outcome = await runShard(assignment, surroundings(platform.transport).given);
  assert.equal(outcome.exitCode, 0);
  assert.equal(platform.reports.length, 2);
});

test('on suspend a shard drops what is left of its lease and asks again', async () => {
  const replies: ReportReply[] = [
    work(0, 50),
    { action: 'suspend', lease: null, retryAfterMs: 5 },
    { action: 'suspend', lease: null, retryAfterMs: 5 },
    work(60, 1),
  ];
  const platform = scriptedPlatform(() => replies.shift() ?? stop);
  await runShard(assignment, surroundings(platform.transport).given);
  const blocks = platform.reports.flatMap(({ done }) => done.map(({ block }) => block));
  assert.ok(blocks.includes(60));
  assert.ok(!blocks.includes(49));
  assert.equal(new Set(blocks).size, blocks.length);
});

test('a shard that must leave finishes its block, reports it, gives the lease back and exits 143', async () => {
  const platform = scriptedPlatform((report) =>
    report.release ? { action: 'continue', lease: null, retryAfterMs: 1 } : work(0, 9),
  );
  const scene = surroundings(
    platform.transport,
    counterEngine(({ block }) => block === 4 && scene.leave.abort()),
  );
  const outcome = await runShard(assignment, scene.given);
  assert.equal(outcome.exitCode, 143);
  const last = platform.reports.at(-1);
  assert.equal(last?.release, true);
  assert.equal(last?.done.at(-1)?.block, 4);
});

test('a shard that must leave while the platform is away gives up within seconds', async () => {
  const platform = scriptedPlatform((report) => (report.describe ? work(0, 2) : new Error('ECONNREFUSED')));
  const scene = surroundings(
    platform.transport,
    counterEngine(() => scene.leave.abort()),
  );
  const started = scene.given.clock.monotonic();
  const outcome = await runShard(assignment, scene.given);
  assert.equal(outcome.exitCode, 143);
  assert.ok(scene.given.clock.monotonic() - started < 15_000);
});

test('the token is in no line of output', async () => {
  const platform = leasingPlatform(3, 1);
  const { given, lines } = surroundings(platform.transport);
  const { message } = await runShard(assignment, given);
  assert.ok(lines.length > 0);
  assert.ok([...lines, message].every((line) => !line.includes('secret-token')));
});

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
