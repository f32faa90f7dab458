/**
 * Blocks before the first look: the scatter between blocks, on which the bound of the standard deviation rests, needs some degrees of
 * freedom. With blocks of 50 ms this costs 0.8 s of one core at most.
 */
export const minimumBlocks = 16;

/**
 * Samples other than 0 before a job may be called precise or a threshold be decided: a normal interval around fewer rare pay-offs is
 * too often wrong, and none at all say nothing. Measured, as the next one; see docs/decisions/0002.
 */
export const minimumNonZero = 600;

/**
 * Samples that the variance effectively rests on, 1 ÷ (relative standard error of s²)²: about non-zero samples ÷ 6 for pay-offs of an
 * exponential tail. Fewer mean that a handful of large samples carries the estimate, and more of them may be to come.
 */
export const minimumEffective = 100;

/**
 * The look after one at `blocks` blocks: 5 % further, at least one block. A job overshoots by 2.5 % on average for that; the design allows
 * 10 %, and half the step costs only a few per cent more looks to share the error between.
 */
export const lookAfter = (blocks: number): number =>
  blocks < minimumBlocks ? minimumBlocks : blocks + Math.max(1, Math.floor(blocks / 20));

/**
 * Part of an error probability that look number `look` (1, 2, …) may use: √a·((k+a−1)^−½ − (k+a)^−½), which telescopes, so that all looks
 * together use exactly 1, however many there are. It falls like k^−1.5, slowly enough that the hundredth look still has 1/700;
 * the offset a keeps the first looks, where normal approximations are worst, from taking most of it.
 */
export const lookShare = (look: number): number =>
  Math.sqrt(offset) * (1 / Math.sqrt(look + offset - 1) - 1 / Math.sqrt(look + offset));
const offset = 10;
