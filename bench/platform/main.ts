// How fast the platform is around its kernels: latency of a job, start, lists, reports, and what a second shard adds.
import { cpus, loadavg, totalmem } from 'node:os';
import { coldJobs, lists, readyTimes, warmJobs } from './latency.ts';
import { batchedBlocks, durableReports } from './reports.ts';
import { secondShard } from './second-shard.ts';

const benchmarks: readonly [string, string, () => Promise<string>][] = [
  ['ready after start', '≤ 2000 ms', readyTimes],
  ['trivial job, warm pool', '≤ 25 ms', warmJobs],
  ['trivial job, cold', '≤ 250 ms', coldJobs],
  ['list with 2,000 queued', '≤ 20 ms', lists],
  ['blocks in reports of 1,000', '≥ 50000 blocks/s', batchedBlocks],
  ['durable reports, 64 at a time', '≥ 1000 reports/s', durableReports],
  ['a second shard', '≥ 0.85', secondShard],
];

const chosen = process.argv.slice(2);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`${machine}, ${process.platform}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
for (const [name, goal, run] of benchmarks) {
  if (chosen.length > 0 && !chosen.some((text) => name.includes(text))) continue;
  console.log(`${name} [goal ${goal}]: ${await run()}`);
}
