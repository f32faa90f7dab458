// Thresholds with their reasons: k6 takes the first, the report shows both.

/**
 * `goals`: {metric: [[expression, reason], …]}. Answers {thresholds, reasons} for `options` and for the report.
 */
export const readGoals = (goals) => ({
  thresholds: Object.fromEntries(
    Object.entries(goals).map(([metric, rows]) => [metric, rows.map(([expression]) => expression)]),
  ),
  reasons: Object.fromEntries(Object.entries(goals).map(([metric, rows]) => [metric, Object.fromEntries(rows)])),
});
