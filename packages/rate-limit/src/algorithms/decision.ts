import type { Decision } from '../store.ts';

/** Every decision is made here, so that all have one shape for the engine. */
export const allowed = (limit: number, remaining: number, resetMs: number, at: number): Decision => ({
  allowed: true,
  limit,
  remaining,
  resetMs,
  retryAfterMs: 0,
  at,
});

export const refused = (
  limit: number,
  remaining: number,
  resetMs: number,
  retryAfterMs: number | null,
  at: number,
): Decision => ({ allowed: false, limit, remaining, resetMs, retryAfterMs, at });
