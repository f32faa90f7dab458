import type { FoldedCounts } from '../engine.ts';

/** Integers of a sub-range: what one entry of an exact block's `counts` covers. */
export const subrangeSize = 1_048_576;

export const emptyCounts: FoldedCounts = { blocks: 0, total: 0, found: null };

/**
 * Adds the counts of the next block. The running total takes the whole block, also where the target falls inside it; `found` is the first
 * sub-range in which the total reaches the target, and never changes again.
 */
export const addCounts = (
  folded: FoldedCounts,
  counts: readonly number[],
  subrangesPerBlock: number,
  target: number | null,
): FoldedCounts => {
  let { total, found } = folded;
  counts.forEach((count, index) => {
    if (found === null && target !== null && total + count >= target)
      found = { subrange: folded.blocks * subrangesPerBlock + index, before: total };
    total += count;
  });
  return { blocks: folded.blocks + 1, total, found };
};
