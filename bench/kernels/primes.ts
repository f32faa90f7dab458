import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPeer } from './peer-process.ts';
import { show, spreadOf } from './statistics.ts';

const limit = 1_000_000_000;
const goal = 3;
const run = promisify(execFile);

/** Counts the primes below 10^9 beside primesieve (Debian's package); returns the goals that were missed. */
export const comparePrimes = async (rounds: number, core: number): Promise<readonly string[]> => {
  const pin = ['taskset', '-c', String(core)];
  const ours = startPeer([...pin, process.execPath, join(import.meta.dirname, 'wasm-peer.ts')]);
  const seconds: number[] = [];
  const theirs: number[] = [];
  console.log('Primes below 10^9, seconds on one core');
  try {
    const warm = await ours.run('primes', 0, limit);
    for (let round = 0; round < rounds; round += 1) {
      seconds.push((await ours.run('primes', 0, limit)).seconds);
      theirs.push(await primesieveSeconds());
    }
    console.log(`  WebAssembly (ours)  ${show(spreadOf(seconds), 3)}  count ${warm.value}`);
    const ratio = spreadOf(seconds.map((each, round) => each / (theirs[round] ?? NaN)));
    console.log(`  primesieve          ${show(spreadOf(theirs), 3)}  ours takes ${show(ratio, 2)}×  goal ≤ ${goal}\n`);
    return ratio.median <= goal ? [] : [`primes: ${ratio.median.toFixed(2)}× primesieve's time, goal ${goal}`];
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    console.log(`  WebAssembly (ours)  ${show(spreadOf(seconds), 3)}`);
    console.log('  primesieve          absent: apt-get install primesieve\n');
    return [];
  } finally {
    ours.stop();
  }
};

/** Processor time of the whole process; its start is a millisecond or two of it. */
const primesieveSeconds = async (): Promise<number> => {
  await run('primesieve', ['--version']);
  const script = `TIMEFORMAT='%U %S'; time primesieve ${limit} --count --threads=1 --quiet > /dev/null`;
  const { stderr } = await run('bash', ['-c', script]);
  return stderr
    .trim()
    .split(' ')
    .reduce((sum, part) => sum + Number(part), 0);
};
