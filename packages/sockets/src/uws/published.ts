import type { Topic } from '../topics.ts';
import type { Overflowing } from './connection.ts';

/**
 * The library drops what is published to a socket above `maxBackpressure`, or cuts the socket off, and says neither in time. So after every quarter of a
 * budget that a topic carried its subscribers are looked at, and who is over budget is closed with words: a call each for thousands of messages.
 */
export class Published {
  readonly #portion: number;
  readonly #carried = new WeakMap<Topic<Overflowing>, number>();
  readonly #fresh = new Set<Topic<Overflowing>>();

  constructor(budgetBytes: number) {
    this.#portion = budgetBytes / 4;
  }

  /** Whether the library may still hold back what was published to it. */
  isFresh(topic: Topic<Overflowing>): boolean {
    return this.#fresh.has(topic);
  }

  add(topic: Topic<Overflowing>, bytes: number): void {
    // The library writes at the end of this turn, which may be after what is set for the end of this turn, never after that of the next.
    if (this.#fresh.size === 0) setImmediate(() => setImmediate(() => this.#fresh.clear()));
    this.#fresh.add(topic);
    const carried = (this.#carried.get(topic) ?? 0) + bytes;
    this.#carried.set(topic, carried < this.#portion ? carried : 0);
    if (carried < this.#portion) return;
    for (const subscriber of topic.subscribers) subscriber.closeIfOverBudget();
  }
}
