import type { Collection } from '@simfleet/storage';
import type { Goals } from '../figures/goals.ts';
import { shown, spreadOf } from '../figures/spread.ts';
import { depth, idOf, pageAfter, pageSize, rows, type Listed } from './data.ts';

/** How many rows the database looked at for a page, and how that was found out. */
export interface Examined {
  readonly rows: number;
  readonly plan: string;
  readonly how: string;
}

/** One database with the rows in it. */
export interface Pages {
  readonly title: string;
  readonly listed: Collection<Listed>;
  /** The same page by number, as the database does it. */
  byOffset(offset: number): Promise<readonly string[]>;
  /** Of the page by position after so many rows. */
  examined(index: number): Promise<Examined>;
  close(): Promise<void>;
}

const warmUps = 3;
const perRound = 40;
const offsetsPerRound = 1;

const eachMs = async (count: number, work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  for (let turn = 0; turn < count; turn += 1) await work();
  return (performance.now() - started) / count;
};

const check = (what: string, ids: readonly string[], after: number): void => {
  const expected = Array.from({ length: pageSize }, (_, at) => idOf(after + at));
  if (ids.join() !== expected.join()) throw new Error(`${what} answered other rows: ${ids.slice(0, 3).join(', ')} …`);
};

export const measurePages = async (pages: Pages, rounds: number, goals: Goals): Promise<void> => {
  const page = async (after: number): Promise<readonly string[]> =>
    (await pages.listed.query(pageAfter(after))).rows.map(({ id }) => id);
  for (const after of [0, depth]) {
    check(`the page after ${after} rows`, await page(after), after);
    check(`OFFSET ${after}`, await pages.byOffset(after), after);
  }
  const [first, deep, offset]: [number[], number[], number[]] = [[], [], []];
  for (let round = -warmUps; round < rounds; round += 1) {
    const one = await eachMs(perRound, () => page(0));
    const far = await eachMs(perRound, () => page(depth));
    const skipped = await eachMs(offsetsPerRound, () => pages.byOffset(depth));
    if (round < 0) continue;
    first.push(one);
    deep.push(far);
    offset.push(skipped);
  }
  const ratio = spreadOf(deep.map((each, round) => each / (first[round] ?? Number.NaN)));
  const database = pages.title.split(' ')[0] ?? '';
  console.log(`${pages.title}: pages of ${pageSize} of ${rows.toLocaleString('en-US')} rows by time and id`);
  console.log(`  page 1                       ${shown(spreadOf(first), 3)} ms`);
  console.log(`  after ${depth.toLocaleString('en-US')} rows, position ${shown(spreadOf(deep), 3)} ms`);
  console.log(`  after ${depth.toLocaleString('en-US')} rows, OFFSET   ${shown(spreadOf(offset), 1)} ms`);
  const told = goals.judge(`${database} deep page: ${ratio.median.toFixed(2)} ×`, '≤ 1.5', ratio.median <= 1.5);
  console.log(`  deep / page 1 = ${shown(ratio, 2)}; ${told}`);
  for (const after of [0, depth]) {
    const { rows: seen, plan, how } = await pages.examined(after);
    const goal = goals.judge(`${database} rows examined: ${seen}`, `= ${pageSize + 1}`, seen === pageSize + 1);
    console.log(`  rows examined after ${after.toLocaleString('en-US')}: ${seen} (${how}: ${plan}); ${goal}`);
  }
};
