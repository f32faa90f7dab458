import type { SlidingCounterRule } from '../rule.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { needOf, weigh } from './weight.ts';

/** Counts of the window that begins at `start`, a multiple of the rule's windowMs, and of the one before. */
export interface SlidingCounterState {
  start: number;
  current: number;
  previous: number;
}

const startOf = (windowMs: number, now: number): number => now - (now % windowMs);

/** Limit × windowMs, with which everything is compared: products stay whole, or 1024ths, and exact. */
const areaOf = ({ limit, windowMs }: SlidingCounterRule): number => limit * windowMs;

/** Forced counts stop where current + previous, × windowMs, would no longer be exact: a thousandfold limit and more under common rules. */
const mostOf = (rule: SlidingCounterRule): number => {
  const area = areaOf(rule);
  return Math.floor((area <= 2 ** 42 ? 2 ** 42 : 2 ** 52) / rule.windowMs);
};

const addTo = (rule: SlidingCounterRule, current: number, weight: number): number => {
  const sum = current + weight;
  // Only by force.
  return sum <= rule.limit ? sum : Math.min(sum, mostOf(rule));
};

/** The state as of the window that holds `now`. */
const rolled = (state: SlidingCounterState, windowMs: number, now: number): SlidingCounterState => {
  const start = startOf(windowMs, now);
  if (state.start === start) return state;
  return { start, current: 0, previous: state.start === start - windowMs ? state.current : 0 };
};

/** What counts at `now`, × windowMs. */
const usedAt = ({ start, current, previous }: SlidingCounterState, windowMs: number, now: number): number =>
  previous * (windowMs - (now - start)) + current * windowMs;

const remainingOf = (rule: SlidingCounterRule, used: number): number =>
  Math.max(0, Math.floor((areaOf(rule) - used) / rule.windowMs));

const resetOf = ({ start, current, previous }: SlidingCounterState, windowMs: number, now: number): number => {
  if (current > 0) return start + 2 * windowMs - now;
  return previous > 0 ? start + windowMs - now : 0;
};

/** Milliseconds into a window from which `counted` of the window before, weighted, leaves `room`. */
const fadesTo = (room: number, counted: number, windowMs: number): number =>
  counted === 0 ? 0 : Math.max(0, windowMs - Math.floor((room * windowMs) / counted));

/** The first time at which `need` (at most the limit) fits, if nothing comes. */
const fitsAt = (rule: SlidingCounterRule, { start, current, previous }: SlidingCounterState, need: number): number => {
  const { limit, windowMs } = rule;
  const here = limit - need - current;
  if (here >= 0) {
    const into = fadesTo(here, previous, windowMs);
    if (into < windowMs) return start + into;
  }
  return start + windowMs + fadesTo(limit - need, current, windowMs);
};

export const slidingCounter: Meter<SlidingCounterRule, SlidingCounterState> = {
  start: () => ({ start: 0, current: 0, previous: 0 }),
  adopt(state, before, rule, now) {
    const { start, current, previous } = rolled(state, before.windowMs, now);
    if (before.windowMs === rule.windowMs) return { start, current, previous };
    // What the old window still counts is taken as come now: no later sum of the new rule can count it less.
    const counted = weigh(usedAt({ start, current, previous }, before.windowMs, now) / before.windowMs, areaOf(rule));
    return { start: startOf(rule.windowMs, now), current: Math.min(counted, mostOf(rule)), previous: 0 };
  },
  decide(rule, state, { cost = 1, force }, now, counts) {
    const { limit, windowMs } = rule;
    const area = areaOf(rule);
    const here = rolled(state, windowMs, now);
    const used = usedAt(here, windowMs, now);
    const weight = weigh(cost, area);
    const need = needOf(weight, area);
    if (used > area - need * windowMs && force !== true) {
      const retry = need > limit ? null : fitsAt(rule, here, need) - now;
      return refused(limit, remainingOf(rule, used), resetOf(here, windowMs, now), retry, now);
    }
    const { start, previous } = here;
    const current = addTo(rule, here.current, weight);
    const counted = used + (current - here.current) * windowMs;
    const reset = current > 0 ? start + 2 * windowMs - now : resetOf(here, windowMs, now);
    if (counts && weight > 0) {
      state.start = start;
      state.current = current;
      state.previous = previous;
    }
    return allowed(limit, remainingOf(rule, counted), reset, now);
  },
  stand(rule, state, now) {
    const { limit, windowMs } = rule;
    const here = rolled(state, windowMs, now);
    return allowed(limit, remainingOf(rule, usedAt(here, windowMs, now)), resetOf(here, windowMs, now), now);
  },
  refund(rule, state, { cost = 1 }, at, now) {
    const { start, current, previous } = rolled(state, rule.windowMs, now);
    const weight = weigh(cost, areaOf(rule));
    state.start = start;
    state.current = at >= start ? current - Math.min(current, weight) : current;
    const before = at < start && at >= start - rule.windowMs;
    state.previous = before ? previous - Math.min(previous, weight) : previous;
  },
  endsAt: ({ windowMs }, state) => state.start + resetOf(state, windowMs, state.start),
  opensAt: (rule, state) => fitsAt(rule, state, 1),
};
