import { exp, normalQuantile } from '@simfleet/domain';

/**
 * What the kernels compute, written again from the definitions, one path after the other in plain TypeScript: Philox from its paper,
 * the map from bits to uniforms from DESIGN §4.4, the inverse normal of the domain.
 */
const low32 = 0xffff_ffffn;

type Words = readonly [bigint, bigint, bigint, bigint];

export const philox = (seed: bigint, words: Words): Words => {
  let [a, b, c, d] = words;
  let key0 = seed & low32;
  let key1 = seed >> 32n;
  for (let round = 0; round < 10; round += 1) {
    const first = a * 0xd2511f53n;
    const second = c * 0xcd9e8d57n;
    [a, b, c, d] = [(second >> 32n) ^ b ^ key0, second & low32, (first >> 32n) ^ d ^ key1, first & low32];
    key0 = (key0 + 0x9e3779b9n) & low32;
    key1 = (key1 + 0xbb67ae85n) & low32;
  }
  return [a, b, c, d];
};

/** Standard normal number `which` (0 or 1) of counter (path, stream 0, draw). */
export const normal = (seed: bigint, path: bigint, draw: bigint, which: 0 | 1): number => {
  const [a, b, c, d] = philox(seed, [path & low32, path >> 32n, 0n, draw]);
  const bits = which === 0 ? (a << 32n) | b : (c << 32n) | d;
  const tail = (2 * Number(bits >> 12n) + 1) * 2 ** -53;
  const magnitude = -normalQuantile(tail / 2);
  return (bits & 1n) === 1n ? -magnitude : magnitude;
};

export interface Walk {
  readonly spot: number;
  readonly rate: number;
  readonly volatility: number;
  readonly maturity: number;
  readonly steps: number;
}

/** Price at maturity of European path `path`: eight neighbours share four counters, first numbers before second ones. */
export const terminalPrice = (seed: bigint, path: number, walk: Walk): number => {
  const inEight = path % 8;
  const counter = BigInt((path - inEight) / 2) + BigInt(inEight % 4);
  const z = normal(seed, counter, 0n, inEight < 4 ? 0 : 1);
  const { spot, rate, volatility, maturity } = walk;
  return spot * exp((rate - volatility ** 2 / 2) * maturity + volatility * Math.sqrt(maturity) * z);
};

/** Arithmetic and geometric average of Asian path `path`. */
export const averages = (
  seed: bigint,
  path: number,
  walk: Walk,
): { readonly arithmetic: number; readonly geometric: number } => {
  const { spot, rate, volatility, maturity, steps } = walk;
  let logarithm = 0;
  let logarithms = 0;
  let prices = 0;
  for (let step = 0; step < steps; step += 1) {
    const z = normal(seed, BigInt(path), BigInt(step >> 1), step % 2 === 0 ? 0 : 1);
    logarithm += ((rate - volatility ** 2 / 2) * maturity) / steps + volatility * Math.sqrt(maturity / steps) * z;
    logarithms += logarithm;
    prices += exp(logarithm);
  }
  return { arithmetic: (spot * prices) / steps, geometric: spot * exp(logarithms / steps) };
};
