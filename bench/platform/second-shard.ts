import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { european, onPlatform, warmPids } from './workbench.ts';
import type { Workbench } from './workbench.ts';
import { spreadOf } from './statistics.ts';

const blocks = 96;
const blockSize = 2 ** 22;
const rounds = 3;

const bareKernel = fileURLToPath(new URL('./bare-kernel.ts', import.meta.url));

/** Blocks a second of kernels alone, one in each of `count` processes, from the moment when all of them are warm. */
const bareRate = async (count: number): Promise<number> => {
  const each = Math.ceil(blocks / count);
  const times = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, [bareKernel, String(each)], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await new Promise((resolve) => child.on('close', resolve));
      return Number(text);
    }),
  );
  return (1000 * each * count) / Math.max(...times);
};

/** Blocks a second of a job on the platform, from its submission to its result. */
const platformRate = async ({ client }: Workbench, shards: number, round: number): Promise<number> => {
  const started = performance.now();
  const { id } = await client.create(european({ maxPaths: String(blocks * blockSize), shards, seed: String(round) }));
  await client.result(id);
  return (1000 * blocks) / (performance.now() - started);
};

/** What a second shard adds to the first, beside what a second bare kernel adds, in interleaved rounds. */
export const secondShard = (): Promise<string> =>
  onPlatform({}, async (bench) => {
    await warmPids(bench.platform, 2);
    const rates = { bare1: [] as number[], bare2: [] as number[], shard1: [] as number[], shard2: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      rates.bare1.push(await bareRate(1));
      rates.shard1.push(await platformRate(bench, 1, round));
      rates.bare2.push(await bareRate(2));
      rates.shard2.push(await platformRate(bench, 2, round));
    }
    const median = (name: keyof typeof rates): number => spreadOf(rates[name]).median;
    const share = (median('shard2') - median('shard1')) / (median('bare2') - median('bare1'));
    const shownRates = (Object.keys(rates) as (keyof typeof rates)[])
      .map(
        (name) =>
          `${name} ${median(name).toFixed(1)} (${spreadOf(rates[name]).least.toFixed(1)} … ${spreadOf(rates[name]).most.toFixed(1)})`,
      )
      .join(', ');
    return `${share.toFixed(2)} of what a second bare kernel adds; blocks/s: ${shownRates}`;
  });
