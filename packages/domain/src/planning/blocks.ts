import { SimfleetError } from '@simfleet/contracts';
import type { Rules } from './rules.ts';

/** All units of a bounded job: paths (sampling) or integers (exact); null = unbounded. */
export const totalUnits = ({ kind, maxPaths, plan }: Rules): number | null => {
  if (kind === 'sampling') return maxPaths;
  return plan.units ?? (plan.blocks === null ? null : plan.blocks * plan.blockSize);
};

/** Blocks of a bounded job, the short last one included; null = unbounded. */
export const blockCount = (rules: Rules): number | null => {
  const units = totalUnits(rules);
  return units === null ? null : Math.ceil(units / rules.plan.blockSize);
};

/**
 * Units of a block: `plan.blockSize`, but what is left for the last block of a bounded job.
 * Throws `invalid-request` for a block outside the plan.
 */
export const blockUnits = (rules: Rules, block: number): number => {
  const blocks = blockCount(rules);
  if (!Number.isSafeInteger(block) || block < 0 || (blocks !== null && block >= blocks))
    throw new SimfleetError('invalid-request', outsidePlan(block, blocks));
  return Math.min(rules.plan.blockSize, (totalUnits(rules) ?? Infinity) - block * rules.plan.blockSize);
};

const outsidePlan = (block: number, blocks: number | null): string =>
  `Block ${block} is outside the plan${blocks === null ? '' : `: the job has the blocks 0 … ${blocks - 1}`}.`;

/** Units of the first `blocks` blocks. */
export const prefixUnits = (rules: Rules, blocks: number): number =>
  Math.min(blocks * rules.plan.blockSize, totalUnits(rules) ?? Infinity);
