import { SimfleetError } from '@simfleet/contracts';
import type { BlockResult, CountsResult, MomentsResult } from '@simfleet/contracts';
import type { FoldedCounts } from '../engine.ts';
import type { Rules } from '../planning/rules.ts';
import { addCounts, emptyCounts, subrangeSize } from './counts.ts';
import { addMoments, emptyMoments } from './moments.ts';
import type { FoldedMoments } from './moments.ts';

export interface FoldedSamples {
  readonly kind: 'moments';
  readonly blocks: number;
  readonly paths: number;
  readonly metrics: Readonly<Record<string, FoldedMoments>>;
}

/** A job's results folded over the contiguous prefix of its blocks: everything that estimates and the digest depend on. */
export type Folded = FoldedSamples | ({ readonly kind: 'counts' } & FoldedCounts);

export const nothingFolded = (rules: Rules): Folded =>
  rules.kind === 'exact'
    ? { kind: 'counts', ...emptyCounts }
    : {
        kind: 'moments',
        blocks: 0,
        paths: 0,
        metrics: Object.fromEntries(
          rules.metrics.map((name) => [name, emptyMoments(Object.hasOwn(rules.controlMeans, name))]),
        ),
      };

/** Folds the block that follows the prefix. Throws `internal` when the result is of the other kind: `validateResult` comes first. */
export const foldBlock = (rules: Rules, folded: Folded, result: BlockResult): Folded => {
  if (folded.kind === 'moments' && result.kind === 'moments') return foldSamples(rules, folded, result);
  if (folded.kind === 'counts' && result.kind === 'counts') return foldCounts(rules, folded, result);
  throw new SimfleetError('internal', `A block of ${result.kind} cannot be folded into ${folded.kind}.`);
};

const foldSamples = (rules: Rules, folded: FoldedSamples, { paths, metrics }: MomentsResult): FoldedSamples => {
  const full = paths === rules.plan.blockSize;
  const next: Record<string, FoldedMoments> = {};
  for (const name of rules.metrics) {
    const before = folded.metrics[name];
    const block = metrics[name];
    if (before === undefined || block === undefined)
      throw new SimfleetError('internal', `A block lacks the metric "${name}".`);
    next[name] = addMoments(before, folded.paths, block, paths, full);
  }
  return { kind: 'moments', blocks: folded.blocks + 1, paths: folded.paths + paths, metrics: next };
};

const foldCounts = (rules: Rules, folded: FoldedCounts, { counts }: CountsResult): Folded => ({
  kind: 'counts',
  ...addCounts(folded, counts, rules.plan.blockSize / subrangeSize, rules.target),
});
