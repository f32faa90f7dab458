/** The option that every peer prices. */
export const option = {
  spot: 100,
  strike: 100,
  rate: 0.05,
  volatility: 0.2,
  maturity: 1,
  type: 'call',
  steps: 252,
} as const;

export type Task = 'european' | 'asian';

/** Paths of one measurement: 20 to 60 ms for our kernels; a twentieth for QuantLib, which is that much slower. */
export const pathsOf: Readonly<Record<Task, number>> = { european: 2 ** 22, asian: 2 ** 15 };

/** What a rate counts: paths (European), path-steps (Asian), in millions. */
export const unitsOf = (task: Task, paths: number): number => (task === 'asian' ? paths * option.steps : paths) / 1e6;

/** Closed form of the European price. */
export const blackScholes = 10.450583572185565;
