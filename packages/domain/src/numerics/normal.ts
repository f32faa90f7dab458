import { exp } from './exp.ts';
import { log } from './log.ts';

const inverseSqrtPi = 0.5641895835477563;
const inverseSqrt2 = 0.7071067811865476;
const inverseSqrt2Pi = 0.3989422804014327;

/**
 * Complementary error function, relative error below 4e−15 wherever the result is normal.
 * Below 1 the series of erf with positive terms (Abramowitz & Stegun 7.1.6), above it Laplace's continued fraction (A&S 7.1.14).
 */
export const erfc = (x: number): number => {
  if (x < 0) return 2 - erfc(-x);
  if (x < 1) return 1 - erfSeries(x);
  if (x > 27.3) return 0;
  return expOfMinusSquare(x) * inverseSqrtPi * laplaceFraction(x);
};

const erfSeries = (x: number): number => {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60 && term > sum * 1e-17; n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 2 * inverseSqrtPi * expOfMinusSquare(x) * sum;
};

/** 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))): the error falls like e^(−2x·√(2n)), so 200/x² terms reach the last bit. */
const laplaceFraction = (x: number): number => {
  let fraction = x;
  for (let n = Math.floor(200 / (x * x)) + 10; n >= 1; n -= 1) fraction = x + (0.5 * n) / fraction;
  return 1 / fraction;
};

/** e^(−x²) for 0 ≤ x < 2^6 without the rounding error of x²: the leading 26 bits of x have an exact square. */
const expOfMinusSquare = (x: number): number => {
  const lead = Math.floor(x * 1048576) / 1048576;
  return exp(-lead * lead) * exp(-(x - lead) * (x + lead));
};

/** Distribution function of the standard normal law. Relative error below 1e−14 for x ≥ −8, in both tails absolute error below 2^−52. */
export const normalCdf = (x: number): number => 0.5 * erfc(-x * inverseSqrt2);

/** Density of the standard normal law. */
export const normalDensity = (x: number): number => inverseSqrt2Pi * exp(-0.5 * x * x);

/**
 * x with normalCdf(x) = p for 1e−300 ≤ p < 1, error below 1e−14·max(0.01, |x|). Above ½ it is p that is rounded: with a small tail
 * probability at hand ask for −normalQuantile(tail). −Infinity at 0, Infinity at 1, NaN outside.
 * Start: Hastings' rational approximation (A&S 26.2.23, error below 4.5e−4); then three steps of Halley's iteration, each of which triples
 * the number of correct digits.
 */
export const normalQuantile = (p: number): number => {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p === 0.5) return 0;
  if (p > 0.5) return -lowerQuantile(1 - p);
  return lowerQuantile(p);
};

const lowerQuantile = (p: number): number => {
  let x = hastings(p);
  for (let step = 0; step < 3; step += 1) {
    const newton = (normalCdf(x) - p) / normalDensity(x);
    x -= newton / (1 + 0.5 * x * newton);
  }
  return x;
};

const hastings = (p: number): number => {
  const t = Math.sqrt(-2 * log(p));
  return (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
};
