import type { MeterState } from '../algorithms/index.ts';
import { endOf, type Entry, type Known } from './entry.ts';
import { ForgetOrder } from './forget-order.ts';

/** So many entries are looked at for each that comes: a lap takes a quarter as many newcomers as there are entries, so what is over is a fifth at most. */
const looksAtNewcomer = 4;

/** All entries of all rules, at most `most`. */
export class Entries {
  readonly #most: number;
  readonly #slots: Entry[] = [];
  #hand = 0;
  /** Only while the store is full: nobody else needs it. */
  #order: ForgetOrder | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Makes room where there is none. */
  add(known: Known, key: string, state: MeterState, now: number): void {
    this.sweep(looksAtNewcomer, now);
    if (this.#slots.length >= this.#most) this.#forgetOne();
    const entry: Entry = { key, known, state, slot: this.#slots.length, place: 0, opens: 0 };
    this.#slots.push(entry);
    known.keys.set(key, entry);
    this.#order?.add(entry);
  }

  remove(entry: Entry): void {
    entry.known.keys.delete(entry.key);
    const last = this.#slots.pop();
    if (last !== undefined && last !== entry) {
      this.#slots[entry.slot] = last;
      last.slot = entry.slot;
    }
    entry.slot = -1;
    this.#order?.remove(entry);
    if (this.#slots.length < this.#most / 2) this.#order = null;
  }

  /** To be told when an entry may let charges through earlier than before. */
  loosened(entry: Entry): void {
    this.#order?.moved(entry);
  }

  /** Forgets what is over among the next entries. */
  sweep(looks: number, now: number): void {
    for (let look = 0; look < looks; look += 1) {
      if (this.#hand >= this.#slots.length) this.#hand = 0;
      const entry = this.#slots[this.#hand];
      if (entry === undefined) return;
      if (endOf(entry) <= now) this.remove(entry);
      else this.#hand += 1;
    }
  }

  clear(): void {
    this.#slots.length = 0;
    this.#order = null;
  }

  #forgetOne(): void {
    this.#order ??= new ForgetOrder(this.#slots);
    const first = this.#order.first();
    if (first !== undefined) this.remove(first);
  }
}
