/** What one limiter did with the attempts of a trace, costs of 1. */
export interface Answer {
  readonly ms: number;
  readonly allowed: boolean;
}

export interface TraceFigures {
  readonly admitted: number;
  /** The most admitted in any window. */
  readonly worst: number;
  /** Admitted though the window up to then held `limit` admissions; refused though it did not. Shares of the attempts. */
  readonly wronglyAdmitted: number;
  readonly wronglyRefused: number;
}

/** Beside the exact log: what the window of each attempt (it and all less than `windowMs` before) held by the limiter's own admissions. */
export const figuresOf = (answers: readonly Answer[], limit: number, windowMs: number): TraceFigures => {
  const window: number[] = [];
  let [admitted, worst, over, under] = [0, 0, 0, 0];
  for (const { ms, allowed } of answers) {
    while ((window[0] ?? ms) <= ms - windowMs) window.shift();
    if (allowed && window.length >= limit) over += 1;
    if (!allowed && window.length < limit) under += 1;
    if (!allowed) continue;
    admitted += 1;
    window.push(ms);
    worst = Math.max(worst, window.length);
  }
  return { admitted, worst, wronglyAdmitted: over / answers.length, wronglyRefused: under / answers.length };
};

/** How far the admissions are above `burst + perMs · t` in any time t, both ends included: 0 or less is within it. */
export const excessOverLine = (answers: readonly Answer[], burst: number, perMs: number): number => {
  let [least, count, worst] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY];
  for (const { ms, allowed } of answers) {
    if (!allowed) continue;
    // Admissions up to here, less the line from 0; the earliest of the time is counted too.
    least = Math.min(least, count - perMs * ms);
    count += 1;
    worst = Math.max(worst, count - perMs * ms - least);
  }
  // Beyond 10^-6 of a unit: the sums of fractions above are not exact, admissions are whole.
  return Math.max(0, Math.ceil(worst - burst - 1e-6));
};

/** How far the fullest window that begins at a multiple of `windowMs` is above the limit. */
export const excessInAligned = (answers: readonly Answer[], limit: number, windowMs: number): number => {
  const counts = new Map<number, number>();
  for (const { ms, allowed } of answers) {
    const window = Math.floor(ms / windowMs);
    if (allowed) counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return Math.max(0, Math.max(0, ...counts.values()) - limit);
};
