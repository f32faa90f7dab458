import type { Rule } from '../rule.ts';
import type { Charge, Decision } from '../store.ts';

/**
 * What every store must answer, written to be plain rather than quick and apart from the algorithms: it keeps everything that ever happened to a key, and
 * tells what is used at a time by going through all of it. Exact: amounts are whole multiples of 1 ÷ (1024 × window), as bigint. Waits are not computed
 * but searched for. For costs that are multiples of 1/1024; rules may change their limit and burst, not their window.
 */
export class Reference {
  readonly #histories = new Map<string, History>();
  #now = 0;

  decide(charges: readonly Charge[], time: number): readonly Decision[] {
    const now = this.#at(time);
    const views = charges.map((charge) => ({ charge, history: this.#as(charge, now) }));
    const together = views.every(({ charge, history }) => history.fits(charge, now));
    return views.map(({ charge, history }) => {
      if (!history.fits(charge, now)) return history.refusal(charge, now);
      if (together && history.admit(charge, now)) this.#histories.set(nameOf(charge), history);
      return history.standing(charge.rule, now);
    });
  }

  peek(charge: Charge, time: number): Decision {
    const now = this.#at(time);
    const history = this.#as(charge, now);
    if (!history.fits(charge, now)) return history.refusal(charge, now);
    history.admit(charge, now);
    return history.standing(charge.rule, now);
  }

  refund(charge: Charge, at: number, time: number): void {
    const now = this.#at(time);
    if (this.#histories.get(nameOf(charge))?.isOf(charge.rule) !== true) return;
    const history = this.#as(charge, now);
    history.refund(charge, at, now);
    this.#histories.set(nameOf(charge), history);
  }

  reset(charge: Charge): void {
    this.#histories.delete(nameOf(charge));
  }

  /** What was counted, as the rule goes on with it from now on. A copy. */
  #as(charge: Charge, now: number): History {
    const history = this.#histories.get(nameOf(charge));
    if (history?.isOf(charge.rule) === true) return history.under(charge.rule, now);
    return charge.rule.algorithm === 'concurrency' ? new Leases([]) : new Admissions([]);
  }

  #at(time: number): number {
    this.#now = Math.max(this.#now, time);
    return this.#now;
  }
}

const nameOf = ({ rule, key }: Charge): string => `${rule.name}/${key}`;

const parts = 1024n;

/** Of one unit of cost: as many as make everything whole. */
const unitOf = (rule: Rule): bigint => parts * BigInt('windowMs' in rule ? rule.windowMs : 1);

const isBucket = (rule: Rule): boolean => rule.algorithm === 'token-bucket' || rule.algorithm === 'leaky-bucket';

/** The least that is counted: of buckets a unit ÷ window, of others 1/1024 of a unit. */
const grainOf = (rule: Rule): bigint => (isBucket(rule) ? parts : unitOf(rule) / parts);

const amountOf = ({ rule, cost = 1 }: Charge): bigint => {
  const grain = grainOf(rule);
  const exact = (BigInt(cost * 1024) * unitOf(rule)) / parts;
  return ((exact + grain - 1n) / grain) * grain;
};

const capacityOf = (rule: Rule): number => {
  if (rule.algorithm === 'token-bucket') return rule.burst ?? rule.limit;
  return rule.algorithm === 'leaky-bucket' ? (rule.burst ?? 1) : rule.limit;
};

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** The first time from `from` at which what stays true once it is true is. */
const firstTime = (from: number, isTrue: (time: number) => boolean): number => {
  let stride = 1;
  while (!isTrue(from + stride - 1)) stride *= 2;
  let [below, above] = [from - 1, from + stride - 1];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (isTrue(middle)) above = middle;
    else below = middle;
  }
  return above;
};

abstract class History {
  /** Whether it was counted by the rule's algorithm. */
  abstract isOf(rule: Rule): boolean;
  /** A copy, for the rule to go on with. */
  abstract under(rule: Rule, now: number): History;
  /** All that is used at a time, but by the named lease. */
  abstract used(rule: Rule, time: number, but?: string): bigint;
  /** False when there is nothing to count. */
  abstract admit(charge: Charge, now: number): boolean;
  abstract refund(charge: Charge, at: number, now: number): void;

  fits(charge: Charge, time: number): boolean {
    if (charge.force === true) return true;
    const asked = amountOf(charge);
    const need = asked === 0n ? grainOf(charge.rule) : asked;
    const capacity = BigInt(capacityOf(charge.rule)) * unitOf(charge.rule);
    return this.used(charge.rule, time, asked === 0n ? undefined : charge.lease) + need <= capacity;
  }

  standing(rule: Rule, now: number): Decision {
    const limit = capacityOf(rule);
    const free = BigInt(limit) * unitOf(rule) - this.used(rule, now);
    const resetMs = firstTime(now, (time) => this.used(rule, time) === 0n) - now;
    const remaining = free <= 0n ? 0 : Number(free / unitOf(rule));
    return { allowed: true, limit, remaining, resetMs, retryAfterMs: 0, at: now };
  }

  refusal(charge: Charge, now: number): Decision {
    const never = amountOf(charge) > BigInt(capacityOf(charge.rule)) * unitOf(charge.rule);
    const retryAfterMs = never ? null : firstTime(now, (time) => this.fits(charge, time)) - now;
    return { ...this.standing(charge.rule, now), allowed: false, retryAfterMs };
  }
}

interface Admission {
  readonly at: number;
  readonly amount: bigint;
  readonly rule: Rule;
}

class Admissions extends History {
  #admissions: Admission[];

  constructor(admissions: readonly Admission[]) {
    super();
    this.#admissions = [...admissions];
  }

  isOf(rule: Rule): boolean {
    return this.#admissions.at(-1)?.rule.algorithm === rule.algorithm;
  }

  under(rule: Rule, now: number): History {
    const changed = this.#admissions.at(-1)?.rule.limit !== rule.limit;
    return new Admissions(changed ? [...this.#admissions, { rule, at: now, amount: 0n }] : this.#admissions);
  }

  used(rule: Rule, time: number): bigint {
    if (!('windowMs' in rule)) return 0n;
    const { windowMs } = rule;
    const begins = time - (time % windowMs);
    switch (rule.algorithm) {
      case 'sliding-log':
        return this.#sum(time - windowMs + 1, Infinity);
      case 'fixed-window':
        return this.#sum(begins, Infinity);
      case 'sliding-counter': {
        const weight = BigInt(windowMs - (time - begins));
        return this.#sum(begins, Infinity) + (this.#sum(begins - windowMs, begins) * weight) / BigInt(windowMs);
      }
      case 'token-bucket':
      case 'leaky-bucket':
        return this.#level(time);
    }
  }

  admit(charge: Charge, now: number): boolean {
    const amount = amountOf(charge);
    if (amount > 0n) this.#admissions.push({ rule: charge.rule, at: now, amount });
    return amount > 0n;
  }

  refund(charge: Charge, at: number, now: number): void {
    const { rule } = charge;
    if (!('windowMs' in rule)) return;
    if (isBucket(rule)) return this.#refundBucket(charge, at, now);
    const from = rule.algorithm === 'sliding-log' ? at : at - (at % rule.windowMs);
    const to = rule.algorithm === 'sliding-log' ? at + 1 : from + rule.windowMs;
    const counts = rule.algorithm === 'sliding-counter' ? 2 * rule.windowMs : rule.windowMs;
    if (now >= from + counts) return;
    let back = amountOf(charge);
    this.#admissions = this.#admissions.map((admission) => {
      if (admission.at < from || admission.at >= to) return admission;
      const part = least(back, admission.amount);
      back -= part;
      return { ...admission, amount: admission.amount - part };
    });
  }

  /** Of all that is left after the last admission; of an earlier one, what has not drained since if it was the first to drain. */
  #refundBucket(charge: Charge, at: number, now: number): void {
    const last = this.#admissions.at(-1);
    if (last === undefined) return;
    const drained = at >= last.at ? 0n : BigInt(last.rule.limit) * parts * BigInt(now - at);
    const back = least(amountOf(charge) - drained, this.#level(now));
    if (back > 0n) this.#admissions[this.#admissions.length - 1] = { ...last, amount: last.amount - back };
  }

  #sum(from: number, to: number): bigint {
    return this.#admissions.reduce((total, { at, amount }) => (at >= from && at < to ? total + amount : total), 0n);
  }

  /** Drains under each rule until something comes under the next. */
  #level(time: number): bigint {
    let [level, since, rate] = [0n, 0, 0n];
    for (const { at, amount, rule } of this.#admissions) {
      level = later(level, rate, at - since) + amount;
      since = at;
      rate = BigInt(rule.limit) * parts;
    }
    return later(level, rate, time - since);
  }
}

interface Lease {
  readonly name: string;
  readonly amount: bigint;
  readonly ends: number;
}

class Leases extends History {
  #leases: readonly Lease[];

  constructor(leases: readonly Lease[]) {
    super();
    this.#leases = leases;
  }

  isOf(rule: Rule): boolean {
    return rule.algorithm === 'concurrency';
  }

  under(): History {
    return new Leases(this.#leases);
  }

  used(_rule: Rule, time: number, but?: string): bigint {
    return this.#leases.reduce(
      (total, { name, amount, ends }) => (ends > time && name !== but ? total + amount : total),
      0n,
    );
  }

  override fits(charge: Charge, time: number): boolean {
    const amount = amountOf(charge);
    const renews = this.#leases.some(
      ({ name, ends, amount: own }) => name === charge.lease && ends > time && amount <= own,
    );
    return (renews && amount > 0n) || super.fits(charge, time);
  }

  admit(charge: Charge, now: number): boolean {
    const amount = amountOf(charge);
    const { rule, lease: name = '' } = charge;
    if (amount === 0n || rule.algorithm !== 'concurrency') return false;
    this.#leases = [...this.#leases.filter((lease) => lease.name !== name), { name, amount, ends: now + rule.leaseMs }];
    return true;
  }

  refund({ lease }: Charge): void {
    this.#leases = this.#leases.filter(({ name }) => name !== lease);
  }
}

const later = (level: bigint, rate: bigint, ms: number): bigint => {
  const left = level - rate * BigInt(ms);
  return left > 0n ? left : 0n;
};
