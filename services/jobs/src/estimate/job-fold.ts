import type { BlockResult, DoneBlock, Estimate, ThresholdStatus } from '@simfleet/contracts';
import { advance, begin, blockCount, blockUnits, estimatesOf, judgeResolved, pathsOf } from '@simfleet/domain';
import type { Engine, Judged, Parameters, Rules } from '@simfleet/domain';
import { mostRunAhead } from '../reports/lease-table.ts';

/** A look that was judged while folding. */
export interface Look {
  readonly number: number;
  readonly blocks: number;
  readonly estimates: readonly Estimate[];
}

export interface FoldOutcome {
  /** Blocks that were not known before. */
  readonly fresh: readonly DoneBlock[];
  readonly looks: readonly Look[];
  readonly decided: readonly ThresholdStatus[];
}

/**
 * The fold of one job: blocks arrive in any order and wait until the prefix reaches them, so that the estimate is a left fold in block
 * order. Once the prefix has ended the job, later blocks no longer matter.
 */
export interface JobFold {
  readonly rules: Rules;
  readonly state: Judged;
  /** Answer of an exact engine, once its fold has ended. */
  readonly resolved: { readonly metric: string; readonly value: number } | undefined;
  /** Length of the contiguous prefix, in blocks. */
  readonly prefix: number;
  /** Blocks reported in any order. */
  readonly reported: number;
  /** Paths of the prefix. */
  readonly paths: number;
  readonly estimates: readonly Estimate[];
  has(block: number): boolean;
  /** Whether a shard may work on the block: inside the plan, and not further ahead than leases go. */
  isPossible(block: number): boolean;
  /** Whether the result is one of the current bounds: the short last block of narrower bounds is not. */
  fits(done: DoneBlock): boolean;
  /** Whether the result is the short last block of one of these earlier bounds (`maxPaths`): a late shard's honest work, of no use now. */
  isOutdated(done: DoneBlock, earlier: readonly string[]): boolean;
  add(done: readonly DoneBlock[]): FoldOutcome;
}

export const openJobFold = (rules: Rules, engine: Engine, parameters: Parameters): JobFold => {
  const waiting = new Map<number, BlockResult>();
  const total = blockCount(rules);
  let state = begin(rules);
  let resolved: { readonly metric: string; readonly value: number } | undefined;

  const prefix = (): number => state.folded.blocks;
  const estimates = (): readonly Estimate[] => estimatesOf(rules, state, resolved);
  const isInside = (block: number): boolean => block >= 0 && (total === null || block < total);

  const takeFresh = (done: readonly DoneBlock[]): readonly DoneBlock[] => {
    const fresh = done.filter((each) => each.block >= prefix() && !waiting.has(each.block));
    for (const { block, result } of fresh) waiting.set(block, result);
    return fresh;
  };

  /** An exact answer is found, and its thresholds judged, when the fold ends. */
  const resolve = (): readonly ThresholdStatus[] => {
    const { folded } = state;
    if (engine.kind !== 'exact' || folded.kind !== 'counts' || state.ended === null) return [];
    resolved = engine.resolve(parameters, folded);
    const judged = judgeResolved(rules, state, resolved);
    state = judged.state;
    return judged.decided;
  };

  const add = (done: readonly DoneBlock[]): FoldOutcome => {
    const fresh = takeFresh(done);
    const looks: Look[] = [];
    const decided: ThresholdStatus[] = [];
    for (let next = waiting.get(prefix()); next !== undefined && state.ended === null; next = waiting.get(prefix())) {
      waiting.delete(prefix());
      const advanced = advance(rules, state, next);
      state = advanced.state;
      decided.push(...advanced.decided);
      if (advanced.looked) looks.push({ number: state.look, blocks: prefix(), estimates: estimates() });
      decided.push(...resolve());
    }
    return { fresh, looks, decided };
  };

  return {
    rules,
    get state() {
      return state;
    },
    get resolved() {
      return resolved;
    },
    get prefix() {
      return prefix();
    },
    get reported() {
      return prefix() + waiting.size;
    },
    get paths() {
      return pathsOf(rules, state);
    },
    get estimates() {
      return estimates();
    },
    has: (block) => block < prefix() || waiting.has(block),
    isPossible: (block) => isInside(block) && block < prefix() + mostRunAhead,
    fits: ({ block, result }) =>
      isInside(block) && (result.kind === 'counts' || result.paths === blockUnits(rules, block)),
    isOutdated: ({ block, result }, earlier) =>
      result.kind === 'moments' &&
      isInside(block) &&
      result.paths < blockUnits(rules, block) &&
      earlier.some((maxPaths) => Number(maxPaths) - block * rules.plan.blockSize === result.paths),
    add,
  };
};
