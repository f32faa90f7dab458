import type { FixedWindowRule } from '../rule.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { addUp, needOf, weigh } from './weight.ts';

/** The count of the window that begins at `start`, a multiple of the rule's windowMs. */
export interface FixedWindowState {
  start: number;
  count: number;
}

const startOf = (windowMs: number, now: number): number => now - (now % windowMs);

const countAt = (start: number, state: FixedWindowState): number => (state.start === start ? state.count : 0);

export const fixedWindow: Meter<FixedWindowRule, FixedWindowState> = {
  start: () => ({ start: 0, count: 0 }),
  adopt(state, before, rule, now) {
    const count = countAt(startOf(before.windowMs, now), state);
    return { start: startOf(rule.windowMs, now), count };
  },
  decide({ limit, windowMs }, state, { cost = 1, force }, now, counts) {
    const start = startOf(windowMs, now);
    const count = countAt(start, state);
    const weight = weigh(cost, limit);
    const room = limit - needOf(weight, limit);
    const ends = start + windowMs - now;
    if (count > room && force !== true) {
      const left = Math.max(0, Math.floor(limit - count));
      return refused(limit, left, count === 0 ? 0 : ends, room < 0 ? null : ends, now);
    }
    const then = addUp(count, weight, limit);
    if (counts && weight > 0) {
      state.start = start;
      state.count = then;
    }
    return allowed(limit, Math.max(0, Math.floor(limit - then)), then === 0 ? 0 : ends, now);
  },
  stand({ limit, windowMs }, state, now) {
    const start = startOf(windowMs, now);
    const count = countAt(start, state);
    return allowed(limit, Math.max(0, Math.floor(limit - count)), count === 0 ? 0 : start + windowMs - now, now);
  },
  refund({ limit, windowMs }, state, { cost = 1 }, at, now) {
    const start = startOf(windowMs, now);
    if (state.start !== start || at < start) return;
    state.count -= Math.min(state.count, weigh(cost, limit));
  },
  endsAt: ({ windowMs }, { start, count }) => (count === 0 ? start : start + windowMs),
  opensAt: ({ limit, windowMs }, { start, count }) => (count <= limit - 1 ? start : start + windowMs),
};
