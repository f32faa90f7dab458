import { cpuUsage } from 'node:process';
import type { Goals } from '../figures/goals.ts';
import { shown, spreadOf } from '../figures/spread.ts';

/** Does the operations `first` … `first + count - 1`. */
export type Side = (first: number, count: number) => Promise<void>;

export interface Operation {
  readonly name: string;
  /** A round of one side. */
  readonly count: number;
  readonly port: Side;
  readonly raw: Side;
  /** Another raw way, shown beside without a goal. */
  readonly beside?: { readonly name: string; readonly side: Side };
}

/** One database with what is compared on it. */
export interface Bench {
  readonly title: string;
  /** Port over raw, at most. */
  readonly goal: number;
  readonly operations: readonly Operation[];
  /** Read at the end. */
  readonly remark?: () => string;
  close(): Promise<void>;
}

/**
 * So many loops that each start their next operation when the last one is done. A loop does every so manieth operation, so that where their number
 * divides that of the documents each document is one loop's own and no compare-and-set meets another.
 */
export const callers =
  (loops: number, operation: (index: number) => Promise<unknown>): Side =>
  async (first, count) => {
    const loop = async (start: number): Promise<void> => {
      for (let index = start; index < first + count; index += loops) await operation(index);
    };
    await Promise.all(Array.from({ length: loops }, (_, at) => loop(first + at)));
  };

/** Microseconds of processor time an operation, of all threads of this process. */
const cost = async (side: Side, first: number, count: number): Promise<number> => {
  const before = cpuUsage();
  await side(first, count);
  const { user, system } = cpuUsage(before);
  return (user + system) / count;
};

const warmUps = 3;

/** Sides take turns, another one first each time, so that what the machine does meanwhile falls on all of them. */
export const compare = async (bench: Bench, rounds: number, goals: Goals): Promise<void> => {
  console.log(bench.title);
  for (const { name, count, port, raw, beside } of bench.operations) {
    const sides = [port, raw, ...(beside === undefined ? [] : [beside.side])];
    const costs: number[][] = sides.map(() => []);
    for (let round = -warmUps; round < rounds; round += 1) {
      for (let turn = 0; turn < sides.length; turn += 1) {
        const at = (turn + round + warmUps) % sides.length;
        const each = await cost(sides[at] ?? port, (round + warmUps) * count, count);
        if (round >= 0) costs[at]?.push(each);
      }
    }
    const [ours = [], theirs = [], others] = costs;
    const ratio = spreadOf(ours.map((each, round) => each / (theirs[round] ?? Number.NaN)));
    const what = `${bench.title.split(' ')[0]} ${name}: ${ratio.median.toFixed(2)} ×`;
    const verdict = goals.judge(what, `≤ ${bench.goal}`, ratio.median <= bench.goal);
    console.log(
      `  ${name.padEnd(16)} port ${shown(spreadOf(ours), 1)} µs, raw ${shown(spreadOf(theirs), 1)} µs` +
        (beside === undefined || others === undefined ? '' : `, ${beside.name} ${shown(spreadOf(others), 1)} µs`),
    );
    console.log(`  ${''.padEnd(16)} port / raw = ${shown(ratio, 2)}; ${verdict}`);
  }
  if (bench.remark !== undefined) console.log(`  ${bench.remark()}`);
};
