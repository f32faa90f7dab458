import { SimfleetError } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import { widenDecisions } from '../algorithms/decision.ts';
import type { MeterState } from '../algorithms/index.ts';
import { checkCharge, checkDistinct } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore } from '../store.ts';
import { storedKey } from '../stored-key.ts';
import { Entries } from './entries.ts';
import { endOf, type Entry, type Known } from './entry.ts';
import { KnownRules } from './known-rules.ts';

export interface MemoryLimiterOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** 1 … 2^23; default 1,000,000, some 250 bytes each, logs and leases more: see the README, which also says what happens at the bound. */
  readonly maxKeys?: number;
}

/** Answers at once: nothing here is a promise but `check` and `close`. */
export interface MemoryLimiterStore extends LimiterStore {
  /** Keys remembered right now, of all rules. */
  readonly keys: number;
  decide(charges: readonly Charge[]): readonly Decision[];
  decideOne(charge: Charge): Decision;
  peek(charge: Charge): Decision;
  refund(charge: Charge, at: number): void;
  reset(rule: Rule, key: string): void;
}

const mostKeys = 2 ** 23;

/** Of decisions that bring no new key, every so many-th sweeps: power of two, minus one. After a flood its keys are gone within 16 decisions each. */
const sweepEvery = 15;

/** Throws `invalid-request` for a bound out of range. */
export const openMemoryLimiterStore = ({ clock, maxKeys = 1_000_000 }: MemoryLimiterOptions): MemoryLimiterStore => {
  if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > mostKeys) {
    throw new SimfleetError('invalid-request', `maxKeys is a whole number from 1 to ${mostKeys}.`);
  }
  return new MemoryStore(clock, maxKeys);
};

/** A charge with what is counted for it; `entry` is undefined while that is nothing. */
interface Asked {
  readonly charge: Charge;
  readonly known: Known;
  readonly entry: Entry | undefined;
  readonly state: MeterState;
}

class MemoryStore implements MemoryLimiterStore {
  readonly description = 'memory';
  readonly shared = false;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Turns monotonic time into that of the calendar at the start, so that windows begin on round times. Later jumps of the calendar change nothing. */
  readonly #offset: number;
  readonly #rules = new KnownRules();
  readonly #entries: Entries;
  #now = 0;
  #decisions = 0;
  #closed = false;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, maxKeys: number) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
    this.#entries = new Entries(maxKeys);
    widenDecisions();
  }

  get keys(): number {
    return this.#entries.size;
  }

  decideOne(charge: Charge): Decision {
    const now = this.#time();
    const known = this.#rules.of(charge.rule);
    checkCharge(charge);
    const entry = known.keys.get(storedKey(charge.key));
    const state = stateFor(known, entry, now);
    const decision = known.meter.decide(known.rule, state, charge, now, true);
    if (decision.allowed && (entry === undefined || entry.known !== known))
      this.#keep(charge, known, entry, state, now);
    if ((++this.#decisions & sweepEvery) === 0) this.#entries.sweep(1, now);
    return decision;
  }

  decide(charges: readonly Charge[]): readonly Decision[] {
    const now = this.#time();
    const asked = charges.map((charge) => this.#ask(charge, now));
    checkDistinct(charges);
    const decisions = asked.map(({ charge, known, state }) =>
      known.meter.decide(known.rule, state, charge, now, false),
    );
    if (decisions.every((decision) => decision.allowed)) {
      for (const { charge, known, entry, state } of asked) {
        known.meter.decide(known.rule, state, charge, now, true);
        this.#keep(charge, known, entry, state, now);
      }
      return decisions;
    }
    return decisions.map((decision, index) => {
      const ask = asked[index];
      return decision.allowed && ask !== undefined ? ask.known.meter.stand(ask.known.rule, ask.state, now) : decision;
    });
  }

  peek(charge: Charge): Decision {
    const now = this.#time();
    const { known, state } = this.#ask(charge, now);
    return known.meter.decide(known.rule, state, charge, now, false);
  }

  refund(charge: Charge, at: number): void {
    const now = this.#time();
    const { known, entry, state } = this.#ask(charge, now);
    if (entry === undefined || entry.known.rule.algorithm !== known.rule.algorithm) return;
    known.meter.refund(known.rule, state, charge, at, now);
    entry.known = known;
    entry.state = state;
    if (endOf(entry) <= now) this.#entries.remove(entry);
    else this.#entries.loosened(entry);
  }

  reset(rule: Rule, key: string): void {
    const entry = this.#rules.of(rule).keys.get(storedKey(key));
    if (entry !== undefined) this.#entries.remove(entry);
  }

  async check(): Promise<void> {
    if (this.#closed) throw closed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#entries.clear();
    this.#rules.clear();
  }

  #ask(charge: Charge, now: number): Asked {
    const known = this.#rules.of(charge.rule);
    checkCharge(charge);
    const entry = known.keys.get(storedKey(charge.key));
    return { charge, known, entry, state: stateFor(known, entry, now) };
  }

  /** Of a charge that was counted. */
  #keep(charge: Charge, known: Known, entry: Entry | undefined, state: MeterState, now: number): void {
    if (charge.cost === 0) return;
    // Charges decided together: room made for one of them may have cost another its entry.
    if (entry === undefined || entry.slot < 0) return this.#entries.add(known, storedKey(charge.key), state, now);
    entry.known = known;
    entry.state = state;
  }

  /** Whole milliseconds, never less than before. */
  #time(): number {
    if (this.#closed) throw closed();
    const now = Math.floor(this.#clock.monotonic() + this.#offset);
    if (now > this.#now) this.#now = now;
    return this.#now;
  }
}

/** What `known` goes on from: not the entry's own when that was counted under another rule, for nothing changes until it is counted. */
const stateFor = (known: Known, entry: Entry | undefined, now: number): MeterState => {
  if (entry === undefined) return known.meter.start();
  if (entry.known === known) return entry.state;
  const before = entry.known.rule;
  if (before.algorithm !== known.rule.algorithm) return known.meter.start();
  return known.meter.adopt(entry.state, before, known.rule, now);
};

const closed = (): SimfleetError => new SimfleetError('unavailable', 'The store of limits is closed.');
