import type { Topic } from '../topics.ts';
import { frameOf } from './frame.ts';

/** A connection as the outbox sees it. */
export interface Receiver {
  /** Writes whole frames, or closes the connection if they are beyond its budget. */
  deliver(frames: Buffer, messages: number): void;
  /** Lets go of what `deliver` and `send` held back in this turn. */
  release(): void;
}

/** More than one write takes with profit. */
const mostHeldBytes = 64 * 1024;

/**
 * What leaves at the end of this turn of the event loop. Messages to one topic are framed once and joined, so that each subscriber costs one write
 * a turn; messages sent to one socket leave in one write too. Only one topic is open at a time, so that every socket gets all its messages in the order of the calls.
 */
export class Outbox {
  /** Bytes; as soon as so many are held back, for a topic or a socket, they leave at once. */
  readonly mostHeld: number;
  #topic: Topic<Receiver> | null = null;
  #frames: Buffer[] = [];
  #bytes = 0;
  #held: Receiver[] = [];
  #scheduled = false;
  readonly #leave = (): void => {
    this.#scheduled = false;
    this.flush();
    const held = this.#held;
    this.#held = [];
    for (const receiver of held) receiver.release();
  };

  constructor(budgetBytes: number) {
    this.mostHeld = Math.min(mostHeldBytes, budgetBytes / 4);
  }

  publish(topic: Topic<Receiver>, message: string | Uint8Array): void {
    if (this.#topic !== topic) this.flush();
    const frame = frameOf(message);
    this.#topic = topic;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#bytes >= this.mostHeld) this.flush();
    else this.#schedule();
  }

  /** Before anything else happens to a socket that may be a subscriber of the open topic. */
  flushFor(topics: ReadonlySet<Topic<Receiver>> | null): void {
    if (this.#topic !== null && topics?.has(this.#topic) === true) this.flush();
  }

  /** Before the subscribers of a topic change. */
  flushTopic(name: string): void {
    if (this.#topic?.name === name) this.flush();
  }

  /** Has the receiver released at the end of the turn. */
  hold(receiver: Receiver): void {
    this.#held.push(receiver);
    this.#schedule();
  }

  flush(): void {
    const topic = this.#topic;
    if (topic === null) return;
    const frames = this.#frames;
    const [first] = frames;
    this.#topic = null;
    this.#frames = [];
    this.#bytes = 0;
    const joined = frames.length === 1 && first !== undefined ? first : Buffer.concat(frames);
    for (const receiver of topic.subscribers) receiver.deliver(joined, frames.length);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#leave);
  }
}
