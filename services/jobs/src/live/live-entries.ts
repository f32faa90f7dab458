import type { Estimate, Progress, Threshold, ThresholdStatus } from '@simfleet/contracts';
import { timeText } from '../jobs/job-document.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { LiveEntry } from './live-log.ts';

export const resultKey = (run: number): string => `result:${run}`;
export const lookKey = (run: number, blocks: number): string => `look:${run}:${blocks}`;
/** Names a threshold with all that its verdict depends on: one that was changed is another one. */
export const thresholdMark = (run: number, { name, metric, below, above, confidence }: Threshold): string =>
  `${run}:${name}:${metric}:${below ?? ''}:${above ?? ''}:${confidence}`;
export const thresholdKey = (mark: string): string => `threshold:${mark}`;

/**
 * The entries that a job document itself is the source of: its changes of state and its result. They are the same whenever they are made,
 * so that appending them again after a crash adds only what is missing.
 */
export const documentEntries = ({ doc }: StoredJob): readonly LiveEntry[] => {
  const states = doc.history.map(({ number, time, state, stopReason, message }) => ({
    key: `state:${number}`,
    event: { type: 'state' as const, time, state, stopReason, message },
  }));
  if (doc.result === null || doc.finishedAt === null) return states;
  const result = { type: 'result' as const, time: timeText(doc.finishedAt), result: doc.result };
  return [...states, { key: resultKey(doc.run), event: result }];
};

export const lookEntry = (
  run: number,
  look: { readonly number: number; readonly blocks: number; readonly time: string },
  estimates: readonly Estimate[],
): LiveEntry => ({
  key: lookKey(run, look.blocks),
  event: { type: 'estimate', time: look.time, look: look.number, blocks: look.blocks, estimates: [...estimates] },
});

export const thresholdEntry = (mark: string, threshold: ThresholdStatus, time: string): LiveEntry => ({
  key: thresholdKey(mark),
  event: { type: 'threshold', time, threshold },
});

export const progressEntry = (
  key: string,
  progress: Progress,
  estimates: readonly Estimate[],
  time: string,
): LiveEntry => ({ key, event: { type: 'progress', time, progress, estimates: [...estimates] } });
