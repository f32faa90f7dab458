import { z } from 'zod';
import { estimate, jobResult, jobState, progress, stopReason, thresholdStatus } from './jobs.ts';
import { timestamp } from './scalars.ts';

/**
 * Events of `GET /v1/jobs/{id}/events` (server-sent events, WHATWG HTML §9.2). The SSE `id` is the position in the job's live log:
 * 1, 2, 3, … without gaps, so a client that sees a gap knows it missed something. `result` is the last event of a generation.
 */
export const liveEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('state'),
    time: timestamp,
    state: jobState,
    stopReason: stopReason.nullable(),
    message: z.string().nullable(),
  }),
  z.strictObject({ type: z.literal('progress'), time: timestamp, progress, estimates: z.array(estimate) }),
  /** Estimates at a look: the only points at which precision and thresholds are judged. */
  z.strictObject({
    type: z.literal('estimate'),
    time: timestamp,
    look: z.int().min(0),
    blocks: z.int().min(1),
    estimates: z.array(estimate),
  }),
  z.strictObject({ type: z.literal('threshold'), time: timestamp, threshold: thresholdStatus }),
  z.strictObject({ type: z.literal('result'), time: timestamp, result: jobResult }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
