/**
 * How the second moments of full blocks scatter: a left fold over y = (C_aa, C_ag, C_gg) ÷ paths of each block.
 * The variance of a pooled variance needs the fourth moments of the samples; the scatter between blocks estimates it without any assumption
 * on their law, and needs nothing that a block does not report anyway.
 */
export interface Spread {
  readonly blocks: number;
  /** Means of y. */
  readonly means: Triple;
  /** Centred co-moments Σ(yᵢ−ȳᵢ)(yⱼ−ȳⱼ) for ij = 00, 01, 02, 11, 12, 22. */
  readonly products: readonly [number, number, number, number, number, number];
}

export type Triple = readonly [number, number, number];

export const emptySpread: Spread = { blocks: 0, means: [0, 0, 0], products: [0, 0, 0, 0, 0, 0] };

/** Adds one full block (Welford's update). */
export const addToSpread = (spread: Spread, y: Triple): Spread => {
  const blocks = spread.blocks + 1;
  const [d0, d1, d2] = [y[0] - spread.means[0], y[1] - spread.means[1], y[2] - spread.means[2]];
  const weight = spread.blocks / blocks;
  const [p00, p01, p02, p11, p12, p22] = spread.products;
  return {
    blocks,
    means: [spread.means[0] + d0 / blocks, spread.means[1] + d1 / blocks, spread.means[2] + d2 / blocks],
    products: [
      p00 + d0 * d0 * weight,
      p01 + d0 * d1 * weight,
      p02 + d0 * d2 * weight,
      p11 + d1 * d1 * weight,
      p12 + d1 * d2 * weight,
      p22 + d2 * d2 * weight,
    ],
  };
};

/** Variance of v·ȳ over the blocks seen: vᵀ(co-moments)v ÷ (B(B−1)); clamped at 0. Needs at least two blocks. */
export const varianceOfCombination = ({ blocks, products }: Spread, v: Triple): number => {
  const [p00, p01, p02, p11, p12, p22] = products;
  const form =
    v[0] * v[0] * p00 +
    v[1] * v[1] * p11 +
    v[2] * v[2] * p22 +
    2 * (v[0] * v[1] * p01 + v[0] * v[2] * p02 + v[1] * v[2] * p12);
  return Math.max(0, form) / (blocks * (blocks - 1));
};

export const meanOfCombination = ({ means }: Spread, v: Triple): number =>
  v[0] * means[0] + v[1] * means[1] + v[2] * means[2];
