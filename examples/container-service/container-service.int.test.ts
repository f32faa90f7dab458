import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { report as reportSchema } from '@simfleet/contracts';
import type { DoneBlock, MomentsResult, Report, ReportReply, Task } from '@simfleet/contracts';
import { temporaryDirectory, until } from '@simfleet/testing';

const program = fileURLToPath(new URL('./simulate.mjs', import.meta.url));

/** One claim of up to 40 in the only month: ruined when it is above 10, so in three of four paths. */
const parameters = { capital: 10, premium: 0, claimProbability: 1, largestClaim: 40, months: 1 };
const task: Task = {
  ...{ engine: 'container', kernelHash: '0'.repeat(64), parameters, seed: '18446744073709551615' },
  ...{ blockSize: 20_000, maxPaths: 90_000 },
};

/** A platform that leases the given ranges of blocks one after the other, then answers `last`; it checks every report against the contract. */
const openPlatform = async (t: TestContext, leases: readonly (readonly [number, number])[], last: ReportReply) => {
  const reports: Report[] = [];
  const left = leases.map(([first, count]) => ({ first, count, expires: '2030-01-01T00:00:00.000Z' }));
  let failures = 1;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (failures-- > 0) return void response.writeHead(503).end('starting');
      assert.equal(request.headers.authorization, 'Bearer the-token');
      const report = reportSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
      reports.push(report);
      const lease = left.shift();
      const reply: ReportReply = lease === undefined ? last : { action: 'continue', lease };
      response.end(JSON.stringify(report.describe ? { ...reply, task: { ...task, parameters: given } } : reply));
    });
  });
  let given = task.parameters;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, reports, give: (other: Task['parameters']) => void (given = other) };
};

const start = (t: TestContext, url: string) => {
  const { path } = temporaryDirectory(t);
  const tokenFile = join(path, 'token');
  writeFileSync(tokenFile, 'the-token\n');
  const variables = { SIMFLEET_URL: url, SIMFLEET_JOB_ID: 'job-1', SIMFLEET_SHARD: '3', SIMFLEET_ATTEMPT: '' };
  const child = spawn(process.execPath, [program], {
    ...{ env: { ...variables, SIMFLEET_TOKEN_FILE: tokenFile }, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  t.after(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { ended, output: () => output, leave: () => void child.kill('SIGTERM') };
};

const stop: ReportReply = { action: 'stop', lease: null };

const runAll = async (t: TestContext, leases: readonly (readonly [number, number])[]) => {
  const platform = await openPlatform(t, leases, stop);
  const { ended, output } = start(t, platform.url);
  assert.equal(await ended, 0, output());
  assert.match(output(), /trying again|the job is over/);
  return platform.reports.flatMap(({ done }) => done).sort((a, b) => a.block - b.block);
};

const resultOf = ({ result }: DoneBlock): MomentsResult => {
  assert.ok(result.kind === 'moments');
  return result;
};

test('blocks are the same bytes in any order and grouping, the last one short, and their mean is the true one', async (t) => {
  const inOrder = await runAll(t, [[0, 5]]);
  const apart = await runAll(t, [
    [4, 1],
    [1, 3],
    [0, 1],
  ]);
  assert.deepEqual(inOrder, apart);
  const results = inOrder.map(resultOf);
  assert.deepEqual(
    results.map(({ paths }) => paths),
    [20_000, 20_000, 20_000, 20_000, 10_000],
  );
  const ruined = results.reduce((sum, { metrics, paths }) => sum + (metrics['ruin']?.mean ?? 0) * paths, 0) / 90_000;
  const standardError = Math.sqrt((0.75 * 0.25) / 90_000);
  assert.ok(Math.abs(ruined - 0.75) < 4 * standardError, `${ruined} is not 0.75`);
  const [first, second] = results;
  assert.notDeepEqual(first, second, 'blocks draw other numbers');
});

test('a pod that is asked to leave hands in its block and its lease and ends with 143', async (t) => {
  const waiting: ReportReply = { action: 'continue', lease: null, retryAfterMs: 100 };
  const platform = await openPlatform(t, [[0, 1], [1, 4000]], waiting); // prettier-ignore
  const { ended, leave } = start(t, platform.url);
  await until('its first block', () => platform.reports.some(({ done }) => done.length > 0), 30_000);
  leave();
  assert.equal(await ended, 143);
  const last = platform.reports.at(-1);
  assert.equal(last?.release, true);
  assert.ok((last?.done.length ?? 0) < 4000);
});

test('parameters that make no sense end with 42, and say which', async (t) => {
  const platform = await openPlatform(t, [], stop);
  platform.give({ ...parameters, premium: 'much' });
  const { ended, output } = start(t, platform.url);
  assert.equal(await ended, 42);
  assert.match(output(), /parameter premium must be a number/);
});
