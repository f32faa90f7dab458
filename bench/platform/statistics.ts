export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly p95: number;
  readonly count: number;
}

export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { median: at(0.5), least: at(0), most: at(1), p95: at(0.95), count: sorted.length };
};

export const shown = ({ median, least, most, p95, count }: Spread, unit: string, digits = 1): string =>
  `median ${median.toFixed(digits)} ${unit} (${least.toFixed(digits)} … ${most.toFixed(digits)}, p95 ${p95.toFixed(digits)}, n = ${count})`;

/** Milliseconds that the work takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
