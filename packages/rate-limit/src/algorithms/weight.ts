/**
 * Costs are counted in doubles that hold them exactly: whole ones as they are, fractions rounded up to 1024ths while the limit leaves room for the bits
 * of a fraction beside those of the limit, to whole ones above. So sums never drift, and what was added and taken away is nothing.
 */
const finest = 1024;

/** The greatest limit (for the sliding counter: limit × window) beside which 1024ths are counted: 2^53 ÷ 1024 with a bit to spare for a sum of two. */
const mostFine = 2 ** 42;

/** Forced counts stop here: what is above it can no longer be told apart, and is refused for as long either way. */
const mostWhole = Number.MAX_SAFE_INTEGER;

/** The cost as it is counted beside this limit. Never rounds down. */
export const weigh = (cost: number, limit: number): number => {
  // Nearly all.
  if (cost === 1) return 1;
  return limit <= mostFine ? Math.ceil(cost * finest) / finest : Math.ceil(cost);
};

/** What must fit for a charge to be allowed: a charge of 0 asks whether the least that can be counted fits. */
export const needOf = (weight: number, limit: number): number =>
  weight > 0 ? weight : limit <= mostFine ? 1 / finest : 1;

/** The sum, as far as counts go. */
export const addUp = (counted: number, weight: number, limit: number): number =>
  Math.min(counted + weight, limit <= mostFine ? mostFine * 2 : mostWhole);

/** ⌈value × numerator ÷ denominator⌉ without rounding in between, for whole numbers: value < 2^53, the others < 2^32. At most 2^53 − 1. */
export const scaleUp = (value: number, numerator: number, denominator: number): number => {
  const whole = Math.floor(value / denominator) * numerator;
  if (whole > mostWhole) return mostWhole;
  // The rest × numerator may need 64 bits: high and low 16 bits of the numerator one after the other, as one divides by hand.
  const rest = value % denominator;
  const high = rest * Math.floor(numerator / 65_536);
  const low = (high % denominator) * 65_536 + rest * (numerator % 65_536);
  return Math.min(mostWhole, whole + Math.floor(high / denominator) * 65_536 + Math.ceil(low / denominator));
};
