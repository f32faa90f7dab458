import type { SimfleetEvent } from '@simfleet/contracts';
import type { Delivery } from './delivery.ts';

/** A message of ours that is not handled yet. */
export interface Held {
  readonly event: SimfleetEvent;
  readonly firstTurn: number;
  /** The last time it was handed to us. */
  delivery: Delivery;
  /** When the server last heard of it, by our monotonic clock, in milliseconds. */
  heard: number;
}

/** What one holder of the lease has in its hands. */
export class Hands {
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  get count(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(delivery: Delivery): Held | undefined {
    return this.#held.get(delivery.key);
  }

  take(delivery: Delivery, event: SimfleetEvent): Held {
    const held: Held = { event, firstTurn: delivery.turn, delivery, heard: performance.now() };
    this.#held.set(delivery.key, held);
    this.#bytes += delivery.payload.length;
    return held;
  }

  drop({ delivery }: Held): void {
    if (this.#held.delete(delivery.key)) this.#bytes -= delivery.payload.length;
  }

  all(): IterableIterator<Held> {
    return this.#held.values();
  }

  /** How many of them were first handed out at or before a turn. */
  upTo(turn: number): number {
    let count = 0;
    for (const { firstTurn } of this.#held.values()) if (firstTurn <= turn) count += 1;
    return count;
  }
}
