import type { ConcurrencyRule } from '../rule.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { addUp, needOf, weigh } from './weight.ts';

interface Lease {
  readonly weight: number;
  /** Held until then, and then no more. */
  readonly ends: number;
}

/** Leases in order of their last renewal. Thousands are common (the jobs of a customer), so what all hold is not summed up every time. */
export interface ConcurrencyState {
  readonly leases: Map<string, Lease>;
  /** Of all leases, ended ones too until the next `take`. */
  sum: number;
  /** The last end of all leases. */
  lastEnd: number;
  /** Whether they end in their order: as long as `leaseMs` does not shrink. */
  ordered: boolean;
}

const stateOf = (leases: Map<string, Lease>, limit: number): ConcurrencyState => {
  const state: ConcurrencyState = { leases, sum: 0, lastEnd: 0, ordered: true };
  for (const { weight, ends } of leases.values()) {
    state.sum = addUp(state.sum, weight, limit);
    if (ends < state.lastEnd) state.ordered = false;
    else state.lastEnd = ends;
  }
  return state;
};

/** What leases hold that have not ended. */
const heldAt = ({ leases, sum, ordered }: ConcurrencyState, now: number): number => {
  let held = sum;
  for (const { weight, ends } of leases.values()) {
    if (ends <= now) held -= weight;
    else if (ordered) break;
  }
  return held;
};

const ownAt = ({ leases }: ConcurrencyState, name: string | undefined, now: number): Lease | null => {
  const lease = name === undefined ? undefined : leases.get(name);
  return lease !== undefined && lease.ends > now ? lease : null;
};

/** When so many leases other than the named one have ended that the others hold at most `room`. */
const roomAt = (
  state: ConcurrencyState,
  name: string | undefined,
  others: number,
  room: number,
  now: number,
): number => {
  const inOrder = state.ordered
    ? state.leases
    : [...state.leases].sort(([, left], [, right]) => left.ends - right.ends);
  let held = others;
  for (const [lease, { weight, ends }] of inOrder) {
    if (held <= room) break;
    if (lease === name || ends <= now) continue;
    held -= weight;
    if (held <= room) return ends;
  }
  return now;
};

const lastEndBut = ({ leases, lastEnd }: ConcurrencyState, name: string | undefined): number => {
  if (name === undefined || leases.get(name)?.ends !== lastEnd) return lastEnd;
  let last = 0;
  for (const [lease, { ends }] of leases) if (lease !== name && ends > last) last = ends;
  return last;
};

export const concurrency: Meter<ConcurrencyRule, ConcurrencyState> = {
  start: () => ({ leases: new Map(), sum: 0, lastEnd: 0, ordered: true }),
  adopt: ({ leases }, _before, rule) => stateOf(new Map(leases), rule.limit),
  decide({ limit, leaseMs }, state, { cost = 1, lease = '', force }, now, counts) {
    const weight = weigh(cost, limit);
    const name = weight > 0 ? lease : undefined;
    const own = ownAt(state, name, now);
    const held = heldAt(state, now);
    const others = held - (own?.weight ?? 0);
    const room = limit - needOf(weight, limit);
    const reset = Math.max(0, state.lastEnd - now);
    // A holder that asks for no more than it has is never refused, even when the limit went down under it: it goes on whatever is counted.
    const renews = own !== null && weight <= own.weight;
    if (others > room && !renews && force !== true) {
      const left = Math.max(0, Math.floor(limit - held));
      return refused(limit, left, reset, room < 0 ? null : roomAt(state, name, others, room, now) - now, now);
    }
    const then = addUp(others, weight, limit);
    // The new end is the last one, but after `leaseMs` shrank.
    const newest = now + leaseMs >= state.lastEnd ? leaseMs : Math.max(leaseMs, lastEndBut(state, name) - now);
    if (counts && weight > 0) {
      dropEnded(state, now);
      drop(state, lease);
      hold(state, lease, { weight: then - others, ends: now + leaseMs });
    }
    return allowed(limit, Math.max(0, Math.floor(limit - then)), weight > 0 ? newest : reset, now);
  },
  stand({ limit }, state, now) {
    const left = Math.max(0, Math.floor(limit - heldAt(state, now)));
    return allowed(limit, left, Math.max(0, state.lastEnd - now), now);
  },
  refund(_rule, state, { lease = '' }) {
    drop(state, lease);
  },
  endsAt: (_rule, { lastEnd }) => lastEnd,
  opensAt: ({ limit, leaseMs }, state) =>
    state.sum <= limit - 1 ? state.lastEnd - leaseMs : roomAt(state, undefined, state.sum, limit - 1, 0),
};

const hold = (state: ConcurrencyState, name: string, lease: Lease): void => {
  state.leases.set(name, lease);
  state.sum += lease.weight;
  if (lease.ends < state.lastEnd) state.ordered = false;
  else state.lastEnd = lease.ends;
};

/** Leaves `lastEnd`, which a lease that is to begin passes anyway. */
const dropEnded = (state: ConcurrencyState, now: number): void => {
  for (const [name, { weight, ends }] of state.leases) {
    if (ends <= now) {
      state.leases.delete(name);
      state.sum -= weight;
    } else if (state.ordered) break;
  }
  if (state.leases.size === 0) state.ordered = true;
};

const drop = (state: ConcurrencyState, name: string): void => {
  const lease = state.leases.get(name);
  if (lease === undefined) return;
  if (lease.ends === state.lastEnd) state.lastEnd = lastEndBut(state, name);
  state.leases.delete(name);
  state.sum -= lease.weight;
  if (state.leases.size === 0) state.ordered = true;
};
