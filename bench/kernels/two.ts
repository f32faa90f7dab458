import { cpus } from 'node:os';
import { startPeer } from './peer-process.ts';
import { show, spreadOf } from './statistics.ts';
import { pathsOf, unitsOf } from './tasks.ts';

/** Blocks that each kernel runs in a round: long enough that both overlap nearly all the time. */
const blocks = 8;

/**
 * What a second bare kernel on a second core adds to the first, for comparison with what a second shard adds to a job. Returns no goals: the
 * goal is on the shards.
 */
export const compareTwo = async (command: readonly string[] | string, rounds: number): Promise<readonly string[]> => {
  if (typeof command === 'string' || cpus().length < 2) {
    console.log('Two kernels: needs two cores\n');
    return [];
  }
  const kernels = [0, 1].map((core) => startPeer(['taskset', '-c', String(core), ...command]));
  const rate = async (which: readonly number[]): Promise<number> => {
    const start = performance.now();
    await Promise.all(
      which.map(async (index) => {
        for (let i = 0; i < blocks; i += 1)
          await kernels[index]?.run('european', (index * blocks + i) * pathsOf.european, pathsOf.european);
      }),
    );
    return (which.length * blocks * unitsOf('european', pathsOf.european)) / ((performance.now() - start) / 1000);
  };
  await rate([0, 1]);
  const one: number[] = [];
  const two: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    one.push(await rate([round % 2]));
    two.push(await rate([0, 1]));
  }
  for (const kernel of kernels) kernel.stop();
  const added = spreadOf(two.map((both, round) => both / (one[round] ?? NaN) - 1));
  console.log('Two bare kernels in two processes on two cores, million European paths/s');
  console.log(
    `  one ${show(spreadOf(one), 1)}, two ${show(spreadOf(two), 1)}: the second adds ${show(added, 2)} of the first\n`,
  );
  return [];
};
