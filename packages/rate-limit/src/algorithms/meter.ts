import type { Rule } from '../rule.ts';
import type { Charge, Decision } from '../store.ts';

/**
 * One algorithm. Pure: no clock, no I/O, and nothing of a state changes but by `decide` where it counts and `refund`. Times are whole milliseconds of the store, never earlier
 * than those the state has seen. Everything counted is exact in doubles, see `weight.ts`.
 */
export interface Meter<R extends Rule, S> {
  /** Where every key begins: nothing counted. */
  start(): S;
  /** What was counted under `before` up to now, as `rule` goes on with it. A new state; the given one stays. */
  adopt(state: S, before: R, rule: R, now: number): S;
  /** The decision as after the charge was counted where it is allowed, and as things stand where it is not. Counts it only if `counts`. */
  decide(rule: R, state: S, charge: Charge, now: number, counts: boolean): Decision;
  /** As things stand, with nothing asked. */
  stand(rule: R, state: S, now: number): Decision;
  refund(rule: R, state: S, charge: Charge, at: number, now: number): void;
  /** From then on the state is as `start()`, if nothing comes. */
  endsAt(rule: R, state: S): number;
  /** From then on a charge of 1 fits, if nothing comes. In the past or now when it does already. */
  opensAt(rule: R, state: S): number;
}
