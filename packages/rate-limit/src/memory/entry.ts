import type { Meter, MeterState } from '../algorithms/index.ts';
import type { Rule } from '../rule.ts';

/** A rule that was checked, with the keys of its name. */
export interface Known {
  readonly rule: Rule;
  readonly meter: Meter<Rule, MeterState>;
  /** Shared with the other rules of the name. */
  readonly keys: Map<string, Entry>;
}

/** What is counted of one key under one rule. */
export interface Entry {
  readonly key: string;
  /** The rule under which it was counted last: `state` is of its meter. */
  known: Known;
  state: MeterState;
  /** Its place among all entries, where the hand finds it; −1 once it is forgotten. */
  slot: number;
  /** Its place in the order of forgetting; without meaning while there is none. */
  place: number;
  /** When it lets a charge through again, as far as that order knows. */
  opens: number;
}

/** From then on there is nothing to remember. Milliseconds of the store. */
export const endOf = ({ known, state }: Entry): number => known.meter.endsAt(known.rule, state);

/** From then on it does not refuse a charge of 1. */
export const openingOf = ({ known, state }: Entry): number => known.meter.opensAt(known.rule, state);
