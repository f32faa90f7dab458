import type { Estimate, Progress } from '@simfleet/contracts';
import { compact, duration, percent, withUncertainty } from '../output/numbers.ts';

/** Cells of a full bar. */
const BAR = 20;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `███▍░░░░`, to an eighth of a cell. */
export const bar = (fraction: number): string => {
  const filled = Math.max(0, Math.min(1, fraction)) * BAR;
  const full = Math.floor(filled);
  const part = eighths[Math.floor((filled - full) * 8)] ?? '';
  return ('█'.repeat(full) + part).padEnd(BAR, '░');
};

/** `price 10.4506 ± 0.0010 (99%)`, or `price 10.45` while there is no interval. */
export const estimateText = (estimate: Estimate): string => {
  const halfWidth = estimate.ciHigh === null || estimate.ciLow === null ? null : (estimate.ciHigh - estimate.ciLow) / 2;
  const shown = withUncertainty(estimate.value, halfWidth);
  if (halfWidth === null) return `${estimate.name} ${shown.value}`;
  if (halfWidth === 0) return `${estimate.name} ${shown.value}`;
  return `${estimate.name} ${shown.value} ± ${shown.halfWidth} (${percent(estimate.confidence)})`;
};

/** What a line of progress is made of. */
export interface Snapshot {
  readonly state: string;
  readonly progress: Progress;
  /** The metric to show; undefined before the first block. */
  readonly estimate: Estimate | undefined;
}

/** One line of progress; with a bar for terminals, without one for logs and screen readers. */
export const progressLine = ({ state, progress, estimate }: Snapshot, withBar: boolean): string => {
  const { fraction, pathsPerSecond, remainingSeconds } = progress;
  // Exact engines go through integers, and have no estimate before their end.
  const unit = estimate === undefined ? '/s' : ' paths/s';
  const parts = [
    estimate === undefined ? state.toLowerCase() : estimateText(estimate),
    fraction !== null && withBar ? bar(fraction) : '',
    fraction === null ? '' : `${String(Math.floor(fraction * 100)).padStart(withBar ? 3 : 0)} %`,
    pathsPerSecond === null || pathsPerSecond === 0 ? '' : `${compact(pathsPerSecond)}${unit}`,
    remainingSeconds === null || fraction === 1 ? '' : `${duration(remainingSeconds)} left`,
    estimate !== undefined && state !== 'Running' ? state.toLowerCase() : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
};

/** The line cut to the width of the terminal, so that it stays one line and can be redrawn. All our signs are one cell wide. */
export const fit = (line: string, columns: number): string => {
  const signs = [...line];
  return signs.length < columns ? line : `${signs.slice(0, Math.max(0, columns - 2)).join('')}…`;
};
