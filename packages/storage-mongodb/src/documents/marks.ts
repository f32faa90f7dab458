import { randomBytes } from 'node:crypto';

/**
 * Marks that put the events of all processes in one order, nearly that of their writes: milliseconds since 1970, a counter within
 * them, the process. Marks of one process rise, whatever its clock does. Clocks of several may differ: order within an aggregate is that
 * of its list of events, not of their marks.
 */
export class Marks {
  readonly #process = randomBytes(4).toString('hex');
  readonly #now: () => number;
  #time = 0;
  #count = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  next(): string {
    const now = this.#now();
    this.#count = now > this.#time ? 0 : this.#count + 1;
    this.#time = Math.max(now, this.#time);
    return `${this.#time.toString(16).padStart(12, '0')}-${this.#count.toString(16).padStart(8, '0')}-${this.#process}`;
  }
}
