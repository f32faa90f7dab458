import type { Rule } from './rule.ts';

/** Memory answers at once, a server later: `await` takes both, and a hot path may ask which it is. */
export type Soon<T> = T | Promise<T>;

/** What a request asks of one rule. */
export interface Charge {
  readonly rule: Rule;
  /** Whose budget: any text. Counted apart by rule name and key; stores keep more than 128 characters of it as their digest. */
  readonly key: string;
  /**
   * Default 1; any finite number ≥ 0. Fractions are rounded up to what is counted exactly: of buckets 1 ÷ windowMs, of others 1/1024, or whole units under
   * limits above 2^42. 0 asks whether anything is left without taking it.
   */
  readonly cost?: number;
  /** Concurrency rules only, and needed there: names the lease. Charging it again renews it (and may change its cost). */
  readonly lease?: string;
  /** Counts even when it does not fit, as what was used already and is told late; the decision then says `allowed`. Default false. */
  readonly force?: boolean;
}

/** What one rule says. All times are whole milliseconds, rounded so that a client that waits as told is admitted. */
export interface Decision {
  readonly allowed: boolean;
  /** What `burst` or `limit` of the rule is: the most that can be admitted at once. */
  readonly limit: number;
  /** What a request that comes right now could still take, in whole units, rounded down. Never negative. */
  readonly remaining: number;
  /** Until `remaining` is `limit` again if nothing comes; 0 = it is. */
  readonly resetMs: number;
  /** 0 when allowed; else until the same charge would fit if nothing else came; null when it never will, for its cost is above the limit. */
  readonly retryAfterMs: number | null;
  /** The store's time of the decision: names the admission to `refund`. Negative when it was made without the store (`guardStore`). */
  readonly at: number;
}

/**
 * Counts charges. Every adapter runs the suite in `contract/`. Guarantees: a decision is atomic among all processes on the store; a refused charge
 * leaves no trace; what is decided together is admitted together or not at all; time is the store's own and never goes back; state of a key that is
 * back at its start is forgotten. A rule whose limit, window or burst changed goes on from what was counted, no looser than either rule: up to the first
 * charge that is counted under the new rule time passes under the old one, and from there under the new. One whose algorithm changed starts afresh.
 */
export interface LimiterStore {
  /** For logs, without credentials: `memory`, `redis 127.0.0.1:6379`. */
  readonly description: string;
  /** Whether several processes see the same counts. */
  readonly shared: boolean;
  /**
   * Admits every charge or none, in one step (one command of Redis). Answers a decision for each, in order: when some do not fit, those say so and the
   * others say `allowed` without having been counted. Charges of one call have different rule names or keys. Throws `invalid-request` for a
   * charge out of range (nothing was counted), `unavailable` when the store does not answer.
   */
  decide(charges: readonly Charge[]): Soon<readonly Decision[]>;
  /** The same for one charge. A renewal of a lease at no more than its cost is always admitted, even where the limit went down under it. */
  decideOne(charge: Charge): Soon<Decision>;
  /** What `decideOne` would say, and nothing is counted. */
  peek(charge: Charge): Soon<Decision>;
  /**
   * Gives back what was admitted at `at` with this cost: no more than is still counted of it, so that a late refund opens no budget that had opened by
   * itself. Of a bucket: all that is left when nothing was admitted after `at`; else the cost less what the bucket drained since `at`, as if this had
   * drained first. Of a concurrency rule: ends the lease; then `at` does not matter.
   */
  refund(charge: Charge, at: number): Soon<void>;
  /** Forgets the key under the rule. */
  reset(rule: Rule, key: string): Soon<void>;
  /** Throws `unavailable` when the store does not answer; part of `/readyz` where a rule fails closed. */
  check(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
