/**
 * x · 2^k for a normal x with 0.5 ≤ |x| < 2 and −1100 ≤ k ≤ 1025, rounded once. Multiplying by powers of two is exact while the result is
 * normal, so this needs no access to bits; only the last of the products can round, and it does so only for subnormal results.
 */
export const scaleByPowerOfTwo = (x: number, k: number): number => {
  if (k < -1000) return x * powerOfTwo(-1000) * powerOfTwo(k + 1000);
  if (k > 1000) return x * powerOfTwo(1000) * powerOfTwo(k - 1000);
  return x * powerOfTwo(k);
};

/** 2^k for −1022 ≤ k ≤ 1023, by exact squarings. */
export const powerOfTwo = (k: number): number => {
  let result = 1;
  let square = k < 0 ? 0.5 : 2;
  for (let rest = Math.abs(k); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
};

/** Writes a positive finite x as significand · 2^exponent with 1 ≤ significand < 2, exactly. */
export const splitPowerOfTwo = (x: number): { readonly significand: number; readonly exponent: number } => {
  let significand = x;
  let exponent = 0;
  for (let step = 512; step >= 1; step /= 2) {
    const factor = powerOfTwo(step);
    while (significand >= factor) {
      significand /= factor;
      exponent += step;
    }
    while (significand < 2 / factor) {
      significand *= factor;
      exponent -= step;
    }
  }
  return { significand, exponent };
};
