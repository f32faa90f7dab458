import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Report, ReportReply, Task } from '@simfleet/contracts';
import { systemClock } from '@simfleet/runtime';
import { findEngine } from '@simfleet/simulation/engines';
import { silentLogger, temporaryDirectory, until } from '@simfleet/testing';
import { forkShardProcess } from '../src/pool/fork-shard-process.ts';
import { openWarmPool } from '../src/pool/warm-pool.ts';

/** A platform on a real port that answers as told. */
const openPlatform = async (context: TestContext, answer: (report: Report) => ReportReply) => {
  const reports: Report[] = [];
  const tokens: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const report = JSON.parse(Buffer.concat(chunks).toString()) as Report;
      reports.push(report);
      tokens.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(report)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, reports, tokens };
};

const european = findEngine('european-option');
const parameters = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };
const task: Task = {
  ...{ engine: 'european-option', kernelHash: european?.kernelHash ?? '', parameters, seed: '1' },
  ...{ blockSize: 100_000, maxPaths: null },
};
const work: ReportReply = {
  action: 'continue',
  lease: { first: 0, count: 5, expires: '2030-01-01T00:00:00.000Z' },
  task,
};
const endless: ReportReply = { ...work, lease: { first: 0, count: 4000, expires: '2030-01-01T00:00:00.000Z' } };
const stop: ReportReply = { action: 'stop', lease: null };

const openPool = (context: TestContext, size = 1) => {
  const { path } = temporaryDirectory(context);
  const tokenFile = join(path, 'token');
  writeFileSync(tokenFile, 'the-token-of-the-job');
  const pool = openWarmPool({
    ...{ size, clock: systemClock, random: Math.random, logger: silentLogger() },
    fork: () => forkShardProcess({ execPath: process.execPath, compileCache: join(path, 'cache') }),
  });
  context.after(() => pool.close(5_000));
  const assignment = { jobId: 'job-1', shard: 0, attempt: 1, tokenFile };
  return { pool, assignment };
};

test('a warm process runs one shard after the other, each with its own output and never with the token in sight', async (context) => {
  const platform = await openPlatform(context, (report) => (report.describe ? work : stop));
  const { pool, assignment } = openPool(context);
  const pids = new Set<number>();
  for (const attempt of [1, 2, 3]) {
    const worker = await pool.take();
    pids.add(worker.pid);
    const lines: string[] = [];
    const ended = await worker.assign({ ...assignment, url: platform.url, attempt }, (_stream, line) =>
      lines.push(line),
    );
    assert.deepEqual([ended.exitCode, ended.accepted], [0, 5]);
    assert.match(lines[0] ?? '', new RegExp(`attempt ${attempt}: european-option`));
    assert.match(lines.at(-1) ?? '', /5 blocks accepted/);
    for (const place of ['environ', 'cmdline']) {
      assert.ok(!readFileSync(`/proc/${worker.pid}/${place}`, 'utf8').includes('the-token'));
    }
    assert.ok(!lines.join().includes('the-token'));
    pool.give(worker);
  }
  assert.equal(pids.size, 1);
  assert.deepEqual(new Set(platform.tokens), new Set(['Bearer the-token-of-the-job']));
});

test('the environment of a shard process holds nothing of the platform’s', async (context) => {
  const { pool } = openPool(context);
  const { pid } = await pool.take();
  const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .map((entry) => entry.split('=')[0]);
  const allowed = new Set(['', 'NODE_COMPILE_CACHE', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']);
  assert.deepEqual(
    names.filter((name) => !allowed.has(name ?? '')),
    [],
  );
});

test('a released shard returns its lease, and its process is used again', async (context) => {
  const platform = await openPlatform(context, (report) =>
    report.release ? { action: 'continue', lease: null, retryAfterMs: 100 } : endless,
  );
  const { pool, assignment } = openPool(context);
  const worker = await pool.take();
  const ending = worker.assign({ ...assignment, url: platform.url }, () => undefined);
  await until('the first results', () => platform.reports.some(({ done }) => (done?.length ?? 0) > 0));
  worker.release();
  assert.equal((await ending).exitCode, 143);
  assert.equal(platform.reports.at(-1)?.release, true);
  assert.ok(worker.usable);
});

test('SIGTERM makes a busy process return its lease and exit 143', async (context) => {
  const platform = await openPlatform(context, (report) =>
    report.release ? { action: 'continue', lease: null, retryAfterMs: 100 } : endless,
  );
  const { pool, assignment } = openPool(context);
  const worker = await pool.take();
  const ending = worker.assign({ ...assignment, url: platform.url }, () => undefined);
  await until('the first results', () => platform.reports.some(({ done }) => (done?.length ?? 0) > 0));
  process.kill(worker.pid, 'SIGTERM');
  assert.equal((await ending).exitCode, 143);
  await worker.gone;
  assert.equal(platform.reports.at(-1)?.release, true);
});

test('a killed process is told by its signal and replaced', async (context) => {
  const platform = await openPlatform(context, () => endless);
  const { pool, assignment } = openPool(context);
  const worker = await pool.take();
  const ending = worker.assign({ ...assignment, url: platform.url }, () => undefined);
  await until('the first results', () => platform.reports.length > 2);
  process.kill(worker.pid, 'SIGKILL');
  const ended = await ending;
  assert.deepEqual([ended.exitCode, ended.signal], [null, 'SIGKILL']);
  assert.ok(ended.accepted > 0);
  pool.give(worker);
  assert.notEqual((await pool.take()).pid, worker.pid);
});

test('a shard that fails says why on standard error, and its process is never used again', async (context) => {
  const platform = await openPlatform(context, () => ({ ...work, task: { ...task, kernelHash: 'other' } }));
  const { pool, assignment } = openPool(context);
  const worker = await pool.take();
  const errors: string[] = [];
  const ended = await worker.assign({ ...assignment, url: platform.url }, (stream, line) => {
    if (stream === 'stderr') errors.push(line);
  });
  assert.equal(ended.exitCode, 42);
  assert.match(ended.message, /bound to kernel other/);
  assert.match(errors.join('\n'), /bound to kernel other/);
  assert.equal(worker.usable, false);
});

test('a token file that is not there fails the shard and names the file', async (context) => {
  const { pool, assignment } = openPool(context);
  const worker = await pool.take();
  const missing = { ...assignment, url: 'http://127.0.0.1:1', tokenFile: '/nowhere/token' };
  const ended = await worker.assign(missing, () => undefined);
  assert.equal(ended.exitCode, 1);
  assert.match(ended.message, /\/nowhere\/token/);
});

test('a closed pool leaves no process behind, not even one that does not listen', async (context) => {
  const { pool } = openPool(context, 2);
  const workers = [await pool.take(), await pool.take()];
  process.kill(workers[0]?.pid ?? 0, 'SIGSTOP');
  await Promise.all([pool.close(200), pool.close(200)]);
  for (const { pid } of workers) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(pool.take());
});
