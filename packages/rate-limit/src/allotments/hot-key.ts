import type { Rule } from '../rule.ts';
import type { Decision } from '../store.ts';

/** Units that the store has counted and nobody has used. */
export interface Lot {
  /** The store's time of the take: names it to `refund`. */
  readonly at: number;
  units: number;
  /** On the local clock. From then on it goes back, with the next sweep. */
  readonly until: number;
}

/** Rates are counted in steps of a second: long enough to tell a burst from a rate, short enough to follow one. */
const stepMs = 1_000;
/** A refusal is repeated from memory for at most so long (milliseconds), as a refund or a reset in another process is not seen here. */
const rememberMs = 1_000;

/** What one process knows of one key under one rule. All times are of its own clock. */
export class HotKey {
  rule: Rule;
  readonly key: string;
  lots: Lot[] = [];
  /** Units asked of the store and not answered yet. */
  taking = 0;
  /** Set when what is under way is not wanted any more. */
  dropped = false;
  #step = 0;
  #before = 0;
  #now = 0;
  /** What the store said last, when it said it, and when it was asked. */
  #last: Decision | null = null;
  #heard = 0;
  #refusal: {
    readonly cost: number;
    readonly decision: Decision;
    readonly heard: number;
    readonly until: number;
  } | null = null;

  constructor(rule: Rule, key: string) {
    this.rule = rule;
    this.key = key;
  }

  asked(cost: number, now: number): void {
    this.#turn(now);
    this.#now += cost;
  }

  /** Units a second, as asked for in this step or the one before. */
  rate(now: number): number {
    this.#turn(now);
    return Math.max(this.#before, this.#now);
  }

  /** What the store may still have left, as it said last. */
  get storeRemaining(): number {
    return this.#last?.remaining ?? 0;
  }

  get units(): number {
    let units = 0;
    for (const lot of this.lots) units += lot.units;
    return units;
  }

  /** The oldest lot that holds a whole cost: an admission has one time in the store. */
  lotFor(cost: number): Lot | undefined {
    return this.lots.find((lot) => lot.units >= cost);
  }

  spend(lot: Lot, cost: number, now: number): Decision {
    const decision = this.look(lot, cost, now);
    lot.units -= cost;
    if (lot.units === 0) this.lots = this.lots.filter((other) => other !== lot);
    return decision;
  }

  /** What was spent for nothing is held again, until its time is over. */
  unspend(lot: Lot, cost: number): void {
    lot.units += cost;
    if (!this.lots.includes(lot)) this.lots = [lot, ...this.lots];
  }

  /** What `spend` would say. */
  look(lot: Lot, cost: number, now: number): Decision {
    const last = this.#last;
    return {
      allowed: true,
      limit: last?.limit ?? this.rule.limit,
      remaining: this.units - cost + this.storeRemaining,
      resetMs: Math.max(0, Math.ceil((last?.resetMs ?? 0) - (now - this.#heard))),
      retryAfterMs: 0,
      at: lot.at,
    };
  }

  /** Repeats a refusal for as long as the store would: from the moment it was asked, which is before it decided. */
  refused(cost: number, now: number): Decision | undefined {
    const refusal = this.#refusal;
    if (refusal === null || cost < refusal.cost || now >= refusal.until) return undefined;
    const passed = Math.floor(now - refusal.heard);
    const { decision } = refusal;
    return {
      ...decision,
      resetMs: Math.max(1, decision.resetMs - passed),
      retryAfterMs: Math.max(1, (decision.retryAfterMs ?? 1) - passed),
    };
  }

  /** What the store said to a charge that it was asked at `sent`. What was decided without the store tells nothing about it. */
  heard(cost: number, decision: Decision, sent: number, now: number): void {
    if (decision.at < 0) return;
    this.told(decision, now);
    if (decision.allowed) {
      if (this.#refusal !== null && cost >= this.#refusal.cost) this.#refusal = null;
    } else if (decision.retryAfterMs !== null) {
      this.#refusal = { cost, decision, heard: now, until: sent + Math.min(decision.retryAfterMs, rememberMs) };
    }
  }

  /** What the store said to a take. */
  told(decision: Decision, now: number): void {
    if (decision.at < 0) return;
    this.#last = decision;
    this.#heard = now;
  }

  forgetRefusal(): void {
    this.#refusal = null;
  }

  /** Nothing here is worth keeping. */
  idle(now: number): boolean {
    this.#turn(now);
    const busy = this.#before > 0 || this.#now > 0 || this.taking > 0 || this.lots.length > 0;
    return !busy && (this.#refusal === null || now >= this.#refusal.until);
  }

  #turn(now: number): void {
    const step = Math.floor(now / stepMs);
    if (step === this.#step) return;
    this.#before = step === this.#step + 1 ? this.#now : 0;
    this.#now = 0;
    this.#step = step;
  }
}
