import type { SlidingLogRule } from '../rule.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { addUp, needOf, weigh } from './weight.ts';

/**
 * Admissions in order of time, those of one millisecond together: entry i is at [2i] and costs [2i + 1]. What lies before `first` has left the window
 * and is dropped in bulk. `sum` is the cost of all from `first` on.
 */
export interface SlidingLogState {
  entries: number[];
  first: number;
  sum: number;
}

/** An admission at `at` counts in [at, at + windowMs). */
interface Live {
  readonly first: number;
  readonly sum: number;
}

const timeOf = (entries: readonly number[], index: number): number => entries[2 * index] ?? 0;
const costOf = (entries: readonly number[], index: number): number => entries[2 * index + 1] ?? 0;
const lengthOf = (entries: readonly number[]): number => entries.length / 2;

const liveAt = ({ entries, first, sum }: SlidingLogState, windowMs: number, now: number): Live => {
  let [from, counted] = [first, sum];
  while (from < lengthOf(entries) && timeOf(entries, from) <= now - windowMs) {
    counted -= costOf(entries, from);
    from += 1;
  }
  return { first: from, sum: counted };
};

/** So many entries lie dead at most before they are cut off, unless the live ones are more. */
const mostDead = 16;

const forget = (state: SlidingLogState, { first, sum }: Live): void => {
  state.first = first;
  state.sum = sum;
  if (first < mostDead || first * 2 < lengthOf(state.entries)) return;
  state.entries = state.entries.slice(2 * first);
  state.first = 0;
};

const append = ({ entries, first }: SlidingLogState, now: number, weight: number): void => {
  const last = lengthOf(entries) - 1;
  if (last >= first && timeOf(entries, last) === now) entries[2 * last + 1] = costOf(entries, last) + weight;
  else entries.push(now, weight);
};

/** When the last counted admission leaves the window. */
const emptyAt = (entries: readonly number[], first: number, windowMs: number): number =>
  first < lengthOf(entries) ? timeOf(entries, lengthOf(entries) - 1) + windowMs : 0;

/** When so many have left that at most `room` is counted. */
const roomAt = (entries: readonly number[], live: Live, windowMs: number, room: number): number => {
  let { first, sum } = live;
  while (sum > room && first < lengthOf(entries)) {
    sum -= costOf(entries, first);
    first += 1;
  }
  return first === live.first ? 0 : timeOf(entries, first - 1) + windowMs;
};

export const slidingLog: Meter<SlidingLogRule, SlidingLogState> = {
  start: () => ({ entries: [], first: 0, sum: 0 }),
  adopt(state, before, _rule, now) {
    const { first, sum } = liveAt(state, before.windowMs, now);
    return { entries: state.entries.slice(2 * first), first: 0, sum };
  },
  decide({ limit, windowMs }, state, { cost = 1, force }, now, counts) {
    const live = liveAt(state, windowMs, now);
    const weight = weigh(cost, limit);
    const room = limit - needOf(weight, limit);
    if (live.sum > room && force !== true) {
      const left = Math.max(0, Math.floor(limit - live.sum));
      const reset = Math.max(0, emptyAt(state.entries, live.first, windowMs) - now);
      const retry = room < 0 ? null : roomAt(state.entries, live, windowMs, room) - now;
      return refused(limit, left, reset, retry, now);
    }
    const then = addUp(live.sum, weight, limit);
    const reset = weight > 0 ? windowMs : Math.max(0, emptyAt(state.entries, live.first, windowMs) - now);
    if (counts && weight > 0) {
      forget(state, live);
      append(state, now, then - live.sum);
      state.sum = then;
    }
    return allowed(limit, Math.max(0, Math.floor(limit - then)), reset, now);
  },
  stand({ limit, windowMs }, state, now) {
    const live = liveAt(state, windowMs, now);
    const reset = Math.max(0, emptyAt(state.entries, live.first, windowMs) - now);
    return allowed(limit, Math.max(0, Math.floor(limit - live.sum)), reset, now);
  },
  refund({ limit, windowMs }, state, { cost = 1 }, at, now) {
    forget(state, liveAt(state, windowMs, now));
    const { entries } = state;
    // Newest first: what is given back is mostly of just now.
    for (let index = lengthOf(entries) - 1; index >= state.first && timeOf(entries, index) >= at; index -= 1) {
      if (timeOf(entries, index) !== at) continue;
      const counted = costOf(entries, index);
      const back = Math.min(counted, weigh(cost, limit));
      state.sum -= back;
      if (back < counted) entries[2 * index + 1] = counted - back;
      else entries.splice(2 * index, 2);
    }
  },
  endsAt: ({ windowMs }, { entries, first }) => emptyAt(entries, first, windowMs),
  opensAt({ limit, windowMs }, state) {
    const opens = roomAt(state.entries, state, windowMs, limit - 1);
    return opens > 0 ? opens : emptyAt(state.entries, state.first, windowMs) - windowMs;
  },
};
