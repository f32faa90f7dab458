import type { BlockResult, ThresholdStatus } from '@simfleet/contracts';
import { foldBlock, nothingFolded } from '../folding/folded.ts';
import type { Folded, FoldedSamples } from '../folding/folded.ts';
import { blockCount, prefixUnits } from '../planning/blocks.ts';
import type { Rules } from '../planning/rules.ts';
import { estimatesOf } from './estimates.ts';
import { lookAfter } from './looks.ts';
import { isPrecise } from './precision.ts';
import { decide, judgeExactly, judgeThreshold } from './thresholds.ts';

/** Everything known about a job from the contiguous prefix of its blocks. A pure function of rules and results. */
export interface Judged {
  readonly folded: Folded;
  /** Looks judged so far. */
  readonly look: number;
  /** Blocks of the prefix at which the next look falls. */
  readonly nextLook: number;
  readonly thresholds: readonly ThresholdStatus[];
  readonly ended: null | 'PrecisionReached' | 'Completed';
}

export interface Advanced {
  readonly state: Judged;
  /** The prefix is a look, and was judged. */
  readonly looked: boolean;
  /** Thresholds decided by this block. */
  readonly decided: readonly ThresholdStatus[];
}

export const begin = (rules: Rules): Judged => ({
  folded: nothingFolded(rules),
  look: 0,
  nextLook: lookAfter(0),
  thresholds: undecided(rules),
  ended: null,
});

const undecided = (rules: Rules): readonly ThresholdStatus[] =>
  rules.thresholds.map(({ name }) => ({ name, verdict: 'Undecided' }));

/**
 * Folds the next block of the prefix — block index `state.folded.blocks` — and judges if the prefix is then a look or the end.
 * A job that has ended folds no further: the state comes back as it was.
 * The bound itself is no look. Where a look happens to fall on it, the look goes first: a job precise there ends `PrecisionReached`.
 */
export const advance = (rules: Rules, state: Judged, result: BlockResult): Advanced => {
  if (state.ended !== null) return { state, looked: false, decided: [] };
  const folded = foldBlock(rules, state.folded, result);
  const next: Judged = { ...state, folded, ended: isComplete(rules, folded) ? 'Completed' : null };
  if (!isLook(rules, state, folded)) return { state: next, looked: false, decided: [] };
  return look(rules, next, folded);
};

/** Exact engines have no looks. A short last block makes no look either: an extension replaces it by a full one. */
const isLook = (rules: Rules, { nextLook }: Judged, folded: Folded): folded is FoldedSamples =>
  folded.kind === 'moments' && folded.blocks === nextLook && folded.paths === folded.blocks * rules.plan.blockSize;

const look = (rules: Rules, state: Judged, folded: FoldedSamples): Advanced => {
  const number = state.look + 1;
  const { statuses, decided } = decide(
    rules,
    state.thresholds,
    (rule) => judgeThreshold(rules, rule, folded, number),
    estimatesOf(rules, state),
  );
  const precise = rules.precision !== null && isPrecise(rules, rules.precision, folded, number);
  return {
    state: {
      ...state,
      look: number,
      nextLook: lookAfter(folded.blocks),
      thresholds: statuses,
      ended: precise ? 'PrecisionReached' : state.ended,
    },
    looked: true,
    decided,
  };
};

const isComplete = (rules: Rules, folded: Folded): boolean => {
  if (folded.kind === 'counts' && folded.found !== null) return true;
  return folded.blocks === blockCount(rules);
};

/**
 * Judges the thresholds of an exact job that has ended, by the value that `ExactEngine.resolve` found. Every threshold on that metric is
 * then decided; one on a metric that the job did not ask for stays undecided.
 */
export const judgeResolved = (
  rules: Rules,
  state: Judged,
  resolved: { readonly metric: string; readonly value: number },
): Advanced => {
  const { statuses, decided } = decide(
    rules,
    state.thresholds,
    (rule) => (rule.metric === resolved.metric ? judgeExactly(rule, resolved.value) : 'Undecided'),
    estimatesOf(rules, state, resolved),
  );
  return { state: { ...state, thresholds: statuses }, looked: false, decided };
};

/** Paths (sampling) or integers (exact) of the prefix. */
export const pathsOf = (rules: Rules, { folded }: Judged): number => prefixUnits(rules, folded.blocks);
