import { splitPowerOfTwo } from './power-of-two.ts';

const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/**
 * Natural logarithm, within 1 ulp; −Infinity at 0, NaN below 0. Built from + − · ÷ alone, hence the same bits on every engine.
 * x = 2^k · (1+f) with √½ ≤ 1+f < √2; ln(1+f) = 2·artanh(s) with s = f/(2+f), whose series is taken to s^23 (truncation below 2^−60).
 */
export const log = (x: number): number => {
  if (x !== x || x < 0) return NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  const { significand, exponent } = splitPowerOfTwo(x);
  const large = significand >= 1.4142135623730951;
  const f = (large ? significand / 2 : significand) - 1;
  const k = large ? exponent + 1 : exponent;
  const s = f / (2 + f);
  // ln(1+f) = 2s + s·rest = f − (f²/2 − s·(f²/2 + rest)): the large part of the sum is exact or nearly so.
  const half = 0.5 * f * f;
  return k * ln2High - (half - (s * (half + artanhRest(s * s)) + k * ln2Low) - f);
};

/** 2 · Σ t^i / (2i+1) for i = 1 … 11, so that 2·artanh(s) = 2s + s·artanhRest(s²). */
const artanhRest = (t: number): number => {
  let sum = 0;
  for (let i = 11; i >= 1; i -= 1) sum = (sum + 2 / (2 * i + 1)) * t;
  return sum;
};
