import type { BlockResult, DoneBlock, Estimate, ThresholdStatus } from '@simfleet/contracts';
import { advance, begin, estimatesOf, judgeResolved, pathsOf } from '@simfleet/domain';
import type { Engine, Judged, Parameters, Rules } from '@simfleet/domain';
import { reportPlan } from '../reports/report-plan.ts';
import type { ReportPlan } from '../reports/report-plan.ts';

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
export interface JobFold extends ReportPlan {
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
  add(done: readonly DoneBlock[]): FoldOutcome;
}

export const openJobFold = (rules: Rules, engine: Engine, parameters: Parameters): JobFold => {
  const waiting = new Map<number, BlockResult>();
  let state = begin(rules);
  let resolved: { readonly metric: string; readonly value: number } | undefined;

  const prefix = (): number => state.folded.blocks;
  const estimates = (): readonly Estimate[] => estimatesOf(rules, state, resolved);

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

  const { isPossible, fits, isOutdated } = reportPlan(rules, prefix);
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
    isPossible,
    fits,
    isOutdated,
    add,
  };
};
