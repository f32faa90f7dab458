import type { Algorithm, Rule } from '../rule.ts';
import { concurrency, type ConcurrencyState } from './concurrency.ts';
import type { BucketState } from './bucket.ts';
import { fixedWindow, type FixedWindowState } from './fixed-window.ts';
import { leakyBucket } from './leaky-bucket.ts';
import type { Meter } from './meter.ts';
import { slidingCounter, type SlidingCounterState } from './sliding-counter.ts';
import { slidingLog, type SlidingLogState } from './sliding-log.ts';
import { tokenBucket } from './token-bucket.ts';

export type { Meter } from './meter.ts';

export type MeterState = BucketState | FixedWindowState | SlidingCounterState | SlidingLogState | ConcurrencyState;

const meters = {
  'token-bucket': tokenBucket,
  'leaky-bucket': leakyBucket,
  'sliding-log': slidingLog,
  'sliding-counter': slidingCounter,
  'fixed-window': fixedWindow,
  concurrency,
} satisfies Record<Algorithm, unknown>;

/** The meter of a rule. Its states are its own: whoever keeps one keeps the rule beside it. */
export const meterOf = (rule: Rule): Meter<Rule, MeterState> => meters[rule.algorithm];
