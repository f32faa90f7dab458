import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHttpTransport } from '@simfleet/simulation/worker';
import type { DoneBlock } from '@simfleet/contracts';
import { european, onPlatform, pause, warmPids } from './workbench.ts';
import type { Workbench } from './workbench.ts';
import { shown, spreadOf } from './statistics.ts';

const blockSize = 2 ** 22;

const block = (index: number): DoneBlock => ({
  block: index,
  result: {
    kind: 'moments',
    paths: blockSize,
    metrics: { price: { mean: 10 + (index % 7) * 0.001, m2: 216 * blockSize, nonZero: blockSize >> 1 } },
  },
});

/** Reports of a job whose own shard stands still: the benchmark is its only shard. */
const withReporter = (
  work: (bench: Workbench, report: (done: readonly DoneBlock[]) => Promise<void>) => Promise<string>,
): Promise<string> =>
  onPlatform({ slots: 1 }, async (bench) => {
    const pids = await warmPids(bench.platform, 1);
    pids.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    const { id } = await bench.client.create(european({ maxPaths: '9000000000000000' }));
    await pause(500);
    const token = readFileSync(join(bench.platform.dataDir, 'tokens', id), 'utf8');
    const opening = Array.from({ length: 32 }, () => openHttpTransport({ url: bench.platform.url }));
    const transports = await Promise.all(opening);
    let turn = 0;
    const report = async (done: readonly DoneBlock[]): Promise<void> => {
      const body = JSON.stringify({ shard: 7, attempt: 1, done });
      const answer = await transports[turn++ % transports.length]?.post(`/v1/jobs/${id}/reports`, token, body);
      if (answer?.status !== 200) throw new Error(`report refused: ${answer?.status} ${answer?.body.slice(0, 300)}`);
    };
    try {
      return await work(bench, report);
    } finally {
      transports.forEach((transport) => transport.close());
      await bench.client.act(id, 'cancel');
      pids.forEach((pid) => process.kill(pid, 'SIGCONT'));
    }
  });

const batch = 1_000;

/** Blocks a second in reports of 1,000, four under way. */
export const batchedBlocks = (): Promise<string> =>
  withReporter(async (_bench, report) => {
    let next = 0;
    const rates: number[] = [];
    for (let round = 0; round < 12; round++) {
      const started = performance.now();
      const reports = Array.from({ length: 8 }, () => {
        const first = next;
        next += batch;
        return Array.from({ length: batch }, (_, index) => block(first + index));
      });
      await Promise.all(reports.map(report));
      rates.push((1000 * reports.length * batch) / (performance.now() - started));
    }
    return shown(spreadOf(rates.slice(2)), 'blocks/s', 0);
  });

const reporters = 64;

/** Reports of one block from 64 shards at a time: each answer comes after its block is on the disk. */
export const durableReports = (): Promise<string> =>
  withReporter(async ({ platform }, report) => {
    let next = 0;
    const round = async (count: number): Promise<number> => {
      const started = performance.now();
      const end = next + count;
      const reporter = async (): Promise<void> => {
        while (next < end) await report([block(next++)]);
      };
      await Promise.all(Array.from({ length: reporters }, reporter));
      return (1000 * count) / (performance.now() - started);
    };
    const rates: number[] = [];
    for (let each = 0; each < 8; each++) rates.push(await round(2_000));
    const syncs = await countSyncs(platform.pid, () => round(2_000));
    const perReport =
      syncs === null ? 'fsyncs not counted: strace is not installed' : `${(syncs / 2_000).toFixed(3)} fsyncs a report`;
    return `${shown(spreadOf(rates.slice(2)), 'reports/s', 0)}; ${perReport}`;
  });

/** fsync and fdatasync calls of the platform while the work runs; tracing slows it, so its time is not used. */
const countSyncs = async (pid: number, work: () => Promise<unknown>): Promise<number | null> => {
  if (spawnSync('strace', ['-V']).status !== 0) return null;
  const trace = spawn('strace', ['-f', '-q', '-e', 'trace=fsync,fdatasync', '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  trace.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await pause(500);
  await work();
  await pause(200);
  trace.kill('SIGINT');
  await new Promise((resolve) => trace.on('close', resolve));
  return text.match(/f(data)?sync\(/g)?.length ?? 0;
};
