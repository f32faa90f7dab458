// Our kernels as a peer of the benchmark: whole blocks through the engine, as a shard runs them.
import { createInterface } from 'node:readline';
import type { Kernel } from '@simfleet/domain';
import { findEngine } from '@simfleet/simulation/engines';
import { option } from './tasks.ts';

const open = (name: string): Kernel => {
  const engine = findEngine(name);
  if (engine === undefined) throw new Error(`no engine ${name}`);
  return engine.open();
};

const kernels = { european: open('european-option'), asian: open('asian-option'), primes: open('prime-sieve') };
const sieveBlock = 2 ** 27;

/** The number of primes below `limit`, block by block. */
const primes = (limit: number): number => {
  let total = 0;
  for (let block = 0; block * sieveBlock < limit; block += 1) {
    const units = Math.min(sieveBlock, limit - block * sieveBlock);
    const result = kernels.primes.runBlock({ parameters: {}, seed: 0n, blockSize: sieveBlock, block, units });
    if (result.kind === 'counts') for (const count of result.counts) total += count;
  }
  return total;
};

/** Price and standard error of one block of `paths` paths from `first`, a multiple of `paths`, on. */
const price = (task: 'european' | 'asian', first: number, paths: number): readonly [number, number] => {
  const request = { parameters: option, seed: 42n, blockSize: paths, block: first / paths, units: paths };
  const result = kernels[task].runBlock(request);
  const moments = result.kind === 'moments' ? result.metrics['price'] : undefined;
  return moments === undefined ? [NaN, NaN] : [moments.mean, Math.sqrt(moments.m2 / (paths - 1) / paths)];
};

for await (const line of createInterface({ input: process.stdin })) {
  const [task, first, units] = line.split(' ');
  const start = process.cpuUsage();
  const [value, error] =
    task === 'primes'
      ? [primes(Number(units)), 0]
      : price(task === 'asian' ? 'asian' : 'european', Number(first), Number(units));
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) / 1e6} ${value} ${error}\n`);
}
