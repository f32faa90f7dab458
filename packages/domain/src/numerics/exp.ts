import { scaleByPowerOfTwo } from './power-of-two.ts';

/** ln 2 in two parts: the first has 21 trailing zero bits, so that k · ln2High is exact for |k| < 2^21. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const log2OfE = 1.4426950408889634;

/**
 * e^x, within 1 ulp of the exact value for normal results; 0 below −745.14, Infinity above 709.79, NaN for NaN.
 * Built from + − · ÷ alone, hence the same bits on every engine; JavaScript's `Math.exp` is not.
 * Cody & Waite (1980) reduction to |r| ≤ ln 2 / 2, then the Taylor series to r^13 (truncation below 2^−58).
 */
export const exp = (x: number): number => {
  if (x !== x) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const k = Math.floor(x * log2OfE + 0.5);
  const high = x - k * ln2High;
  const low = k * ln2Low;
  const r = high - low;
  const tail = r * r * taylorFromSecondOrder(r);
  // `high − low` was rounded: (high − r) − low is what the rounding lost.
  return scaleByPowerOfTwo(1 + (r + (tail + (high - r - low))), k);
};

/** Σ r^i / (i+2)! for i = 0 … 11. */
const taylorFromSecondOrder = (r: number): number => {
  let sum = 0;
  for (let i = 13; i >= 3; i -= 1) sum = ((sum + 1) * r) / i;
  return (sum + 1) / 2;
};
