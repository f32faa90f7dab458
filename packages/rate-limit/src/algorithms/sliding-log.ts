import { SimfleetError } from '@simfleet/contracts';
import type { SlidingLogRule } from '../rule.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { addUp, needOf, weigh } from './weight.ts';

/**
 * A log keeps a record for each millisecond in which something was admitted: at most so many, 1 MiB of them. Rules that could need more are refused; only
 * fractions of a cost can fill it all the same.
 */
export const mostRecords = 65_536;

/** Admissions in order of time, those of one millisecond together, in a ring that grows by doubling: nothing is moved or made while a key is in use. */
export interface SlidingLogState {
  /** Time and cost in turns. As many pairs as there is room for, a power of two (or none). */
  ring: number[];
  /** The pair of the oldest. */
  first: number;
  length: number;
  /** Cost of all. */
  sum: number;
}

/** What an admission at `at` counts in is [at, at + windowMs): how many of the oldest count no more, and the cost of the others. */
interface Live {
  readonly dead: number;
  readonly sum: number;
}

const placeOf = ({ ring, first }: SlidingLogState, index: number): number =>
  2 * ((first + index) & ((ring.length >> 1) - 1));
const timeOf = (state: SlidingLogState, index: number): number => state.ring[placeOf(state, index)] ?? 0;
const costOf = (state: SlidingLogState, index: number): number => state.ring[placeOf(state, index) + 1] ?? 0;

const liveAt = (state: SlidingLogState, windowMs: number, now: number): Live => {
  let [dead, sum] = [0, state.sum];
  while (dead < state.length && timeOf(state, dead) <= now - windowMs) {
    sum -= costOf(state, dead);
    dead += 1;
  }
  return { dead, sum };
};

const forget = (state: SlidingLogState, { dead, sum }: Live): void => {
  state.first += dead;
  state.length -= dead;
  state.sum = sum;
};

/** The same admissions with room for more. */
const grown = (state: SlidingLogState): number[] => {
  const pairs: number[] = [];
  for (let index = 0; index < state.length; index += 1) pairs.push(timeOf(state, index), costOf(state, index));
  for (let index = 0; index < state.length; index += 1) pairs.push(0, 0);
  // What grew by pushes keeps half as much again in reserve, a copy nothing.
  return pairs.slice();
};

const append = (state: SlidingLogState, now: number, weight: number): void => {
  const last = state.length - 1;
  if (last >= 0 && timeOf(state, last) === now) {
    state.ring[placeOf(state, last) + 1] = costOf(state, last) + weight;
    return;
  }
  if (state.ring.length === 0) state.ring = [0, 0];
  else if (2 * state.length === state.ring.length) {
    state.ring = grown(state);
    state.first = 0;
  }
  state.length += 1;
  const place = placeOf(state, last + 1);
  state.ring[place] = now;
  state.ring[place + 1] = weight;
};

/** Whether there is no room for another record, and it would need one. */
const isFull = (state: SlidingLogState, { dead }: Live, now: number): boolean =>
  state.length - dead >= mostRecords && timeOf(state, state.length - 1) !== now;

export const logFull = (): SimfleetError =>
  new SimfleetError('invalid-request', 'A sliding log is full of small costs: take whole ones, or a sliding counter.');

/** Takes one out of the middle. */
const remove = (state: SlidingLogState, from: number): void => {
  state.length -= 1;
  for (let index = from; index < state.length; index += 1) {
    const place = placeOf(state, index);
    state.ring[place] = timeOf(state, index + 1);
    state.ring[place + 1] = costOf(state, index + 1);
  }
};

/** When the last admission leaves the window; 0 when there is none. */
const emptyAt = (state: SlidingLogState, dead: number, windowMs: number): number =>
  dead < state.length ? timeOf(state, state.length - 1) + windowMs : 0;

/** When so many have left that at most `room` is counted; 0 when that is so. */
const roomAt = (state: SlidingLogState, { dead, sum }: Live, windowMs: number, room: number): number => {
  let [next, counted] = [dead, sum];
  while (counted > room && next < state.length) {
    counted -= costOf(state, next);
    next += 1;
  }
  return next === dead ? 0 : timeOf(state, next - 1) + windowMs;
};

export const slidingLog: Meter<SlidingLogRule, SlidingLogState> = {
  start: () => ({ ring: [], first: 0, length: 0, sum: 0 }),
  adopt(state, before, _rule, now) {
    const copy = { ...state, ring: [...state.ring] };
    forget(copy, liveAt(copy, before.windowMs, now));
    return copy;
  },
  decide({ limit, windowMs }, state, { cost = 1, force }, now, counts) {
    const live = liveAt(state, windowMs, now);
    const weight = weigh(cost, limit);
    const room = limit - needOf(weight, limit);
    if (live.sum > room && force !== true) {
      const left = Math.max(0, Math.floor(limit - live.sum));
      const reset = Math.max(0, emptyAt(state, live.dead, windowMs) - now);
      const retry = room < 0 ? null : roomAt(state, live, windowMs, room) - now;
      return refused(limit, left, reset, retry, now);
    }
    if (weight > 0 && isFull(state, live, now)) throw logFull();
    const then = addUp(live.sum, weight, limit);
    const reset = weight > 0 ? windowMs : Math.max(0, emptyAt(state, live.dead, windowMs) - now);
    if (counts && weight > 0) {
      forget(state, live);
      append(state, now, then - live.sum);
      state.sum = then;
    }
    return allowed(limit, Math.max(0, Math.floor(limit - then)), reset, now);
  },
  stand({ limit, windowMs }, state, now) {
    const live = liveAt(state, windowMs, now);
    const reset = Math.max(0, emptyAt(state, live.dead, windowMs) - now);
    return allowed(limit, Math.max(0, Math.floor(limit - live.sum)), reset, now);
  },
  refund({ limit, windowMs }, state, { cost = 1 }, at, now) {
    forget(state, liveAt(state, windowMs, now));
    // Newest first: what is given back is mostly of just now.
    for (let index = state.length - 1; index >= 0 && timeOf(state, index) >= at; index -= 1) {
      if (timeOf(state, index) !== at) continue;
      const counted = costOf(state, index);
      const back = Math.min(counted, weigh(cost, limit));
      state.sum -= back;
      if (back < counted) state.ring[placeOf(state, index) + 1] = counted - back;
      else remove(state, index);
    }
  },
  endsAt: ({ windowMs }, state) => emptyAt(state, 0, windowMs),
  opensAt({ limit, windowMs }, state) {
    const opens = roomAt(state, { dead: 0, sum: state.sum }, windowMs, limit - 1);
    return opens > 0 ? opens : emptyAt(state, 0, windowMs) - windowMs;
  },
};
