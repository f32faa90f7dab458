import type { Decision } from '../store.ts';

/** Bytes of a decision: four doubles, see `lua/README.md`. */
const size = 32;

/** The decision at `index` of an answer. */
export const readDecision = (answer: Buffer, index: number, limit: number): Decision => {
  const from = index * size;
  const retry = answer.readDoubleLE(from);
  return {
    allowed: retry === 0,
    limit,
    remaining: answer.readDoubleLE(from + 8),
    resetMs: answer.readDoubleLE(from + 16),
    retryAfterMs: retry < 0 ? null : retry,
    at: answer.readDoubleLE(from + 24),
  };
};
