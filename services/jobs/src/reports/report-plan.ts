import type { DoneBlock } from '@simfleet/contracts';
import { blockCount, blockUnits } from '@simfleet/domain';
import type { Rules } from '@simfleet/domain';
import { mostRunAhead } from './lease-table.ts';

/** What a report is checked against. It follows from the job's document alone, so that every replica can check. */
export interface ReportPlan {
  readonly rules: Rules;
  /** Whether a shard may work on the block: inside the plan, and not further ahead than leases go. */
  isPossible(block: number): boolean;
  /** Whether the result is one of the current bounds: the short last block of narrower bounds is not. */
  fits(done: DoneBlock): boolean;
  /** Whether the result is the short last block of one of these earlier bounds (`maxPaths`): a late shard's honest work, of no use now. */
  isOutdated(done: DoneBlock, earlier: readonly string[]): boolean;
}

/** `prefix`: length of the folded prefix, or a bound of it. */
export const reportPlan = (rules: Rules, prefix: () => number): ReportPlan => {
  const total = blockCount(rules);
  const isInside = (block: number): boolean => block >= 0 && (total === null || block < total);
  return {
    rules,
    isPossible: (block) => isInside(block) && block < prefix() + mostRunAhead,
    fits: ({ block, result }) =>
      isInside(block) && (result.kind === 'counts' || result.paths === blockUnits(rules, block)),
    isOutdated: ({ block, result }, earlier) =>
      result.kind === 'moments' &&
      isInside(block) &&
      result.paths < blockUnits(rules, block) &&
      earlier.some((maxPaths) => Number(maxPaths) - block * rules.plan.blockSize === result.paths),
  };
};
