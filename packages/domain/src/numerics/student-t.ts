import { normalQuantile } from './normal.ts';

/**
 * Upper quantile of Student's law: t with P(T > t) = tail, for 10 ≤ degrees of freedom and 1e−12 ≤ tail ≤ ½.
 * Fisher's expansion to the fourth order (Abramowitz & Stegun 26.7.5): too small by less than 1 % for tail ≥ 1e−5 from 15 degrees on,
 * and exact to six digits from 1,000 on.
 */
export const studentUpperQuantile = (tail: number, degrees: number): number => {
  const z = -normalQuantile(tail);
  const s = z * z;
  const g1 = (s + 1) / 4;
  const g2 = (s * (5 * s + 16) + 3) / 96;
  const g3 = (s * (s * (3 * s + 19) + 17) - 15) / 384;
  const g4 = (s * (s * (s * (79 * s + 776) + 1482) - 1920) - 945) / 92160;
  return z * (1 + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees);
};
