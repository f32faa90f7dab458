// Decisions a second in one process beside rate-limiter-flexible, each measurement in a process of its own, in turns.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shown, spreadOf } from '../figures/spread.ts';
import type { PartOptions } from './part.ts';

const algorithms = ['token-bucket', 'leaky-bucket', 'fixed-window', 'sliding-counter', 'sliding-log'] as const;
/** Each as its users ask it: the peer answers by a promise only; this store answers at once, and so the platform takes it. Judged are the kinds of rules it ships with, and the peer's. */
const judged: readonly string[] = ['token-bucket', 'fixed-window', 'sliding-log'].map((name) => `${name} at once`);
const subjects = ['peer', ...algorithms.map((name) => `${name} at once`), ...algorithms];
const loads = [
  { name: '1 key', what: 'one key, all admitted', goal: 1.5 },
  { name: '10,000 keys', what: '10,000 keys in turns, all admitted', goal: 1.5 },
  { name: 'refusals', what: 'one key, all refused', goal: 4 },
] as const;

const inProcess = async (subject: string, load: string): Promise<number> => {
  const file = fileURLToPath(new URL('memory-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file, subject, load], {
    timeout: 60_000,
  });
  return Number(stdout);
};

export const measure = async ({ rounds = 5, goals }: PartOptions): Promise<void> => {
  console.log(
    `  millions of decisions a second, median (least … most) of ${rounds} rounds in turns; every decision reads the time;\n` +
      '  peer: RateLimiterMemory of rate-limiter-flexible 11.4.0, whose only algorithm is a fixed window: awaited, refusals caught;\n  ours: «at once» as the answer comes, without a promise; the others through `await`, which costs as much as the rest of a decision',
  );
  for (const { name, what, goal } of loads) {
    const measured = new Map(subjects.map((subject) => [subject, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [subject, rates] of measured) rates.push((await inProcess(subject, name)) / 1e6);
    }
    const peer = spreadOf(measured.get('peer') ?? []);
    console.log(`  ${what}\n    ${'peer'.padEnd(24)} ${shown(peer, 2)}`);
    for (const algorithm of subjects.slice(1)) {
      const rate = spreadOf(measured.get(algorithm) ?? []);
      const ratio = rate.median / peer.median;
      const verdict = judged.includes(algorithm)
        ? `; ${goals.judge(`memory, ${name}, ${algorithm}: ${ratio.toFixed(2)} ×`, `≥ ${goal} × the peer`, ratio >= goal)}`
        : '';
      console.log(`    ${algorithm.padEnd(24)} ${shown(rate, 2)}, ${ratio.toFixed(2)} × the peer${verdict}`);
    }
  }
  console.log('  bytes a key after one charge each to 200,000 keys, heap and external, the text of the key included');
  for (const subject of ['peer', ...algorithms]) {
    console.log(`    ${subject.padEnd(16)} ${(await inProcess(subject, 'bytes')).toFixed(0)}`);
  }
};
