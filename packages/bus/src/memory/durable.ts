import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { DeadLetter, DurableConsumer } from '../bus.ts';
import { delayAfter, type Backoff } from './backoff.ts';
import type { Timers } from './timers.ts';

/** What the bus needs to know of a consumer, whatever its types. */
export type AnyConsumer = Pick<DurableConsumer<never>, 'name' | 'types' | 'maxAttempts'> & {
  readonly handle: (event: never) => Promise<void>;
};

interface Tools {
  readonly timers: Timers;
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly park: (letter: Omit<DeadLetter, 'id' | 'time'>) => void;
}

const defaultMaxAttempts = 10;

/** One instance of a consumer: handles events of one source in order, one at a time, and different sources side by side. */
export class DurableInstance {
  readonly #consumer: AnyConsumer;
  readonly #tools: Tools;
  /** The last delivery of each source that is under way. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #ended = new AbortController();

  constructor(consumer: AnyConsumer, tools: Tools) {
    this.#consumer = consumer;
    this.#tools = tools;
  }

  get name(): string {
    return this.#consumer.name;
  }

  wants(event: SimfleetEvent): boolean {
    return (this.#consumer.types as readonly string[]).includes(event.type);
  }

  busyWith(source: string): boolean {
    return this.#tails.has(source);
  }

  /** Resolves once the event is handled or parked; throws `unavailable` when the subscription ends before. */
  deliver(event: SimfleetEvent): Promise<void> {
    const { source } = event;
    const before = this.#tails.get(source);
    const delivery = before === undefined ? this.#attempts(event) : before.then(() => this.#attempts(event));
    const tail = delivery
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(source) === tail) this.#tails.delete(source);
      });
    this.#tails.set(source, tail);
    return delivery;
  }

  /** Begins no further attempt and waits for those under way. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#tails.values());
  }

  async #attempts(event: SimfleetEvent): Promise<void> {
    const most = this.#consumer.maxAttempts ?? defaultMaxAttempts;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#ended.signal.aborted) {
        throw new SimfleetError('unavailable', `Consumer "${this.name}" ended before it handled ${event.id}.`);
      }
      try {
        // A copy, as a broker would hand out: no consumer sees what another did to its event.
        await this.#consumer.handle(structuredClone(event) as never);
        return;
      } catch (error) {
        if (attempt >= most) {
          this.#tools.park({ consumer: this.name, event, reason: reasonOf(error), attempts: attempt });
          return;
        }
        await this.#pause(delayAfter(this.#tools.backoff, attempt, this.#tools.random()));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#ended;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        cancel();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.#tools.timers.after(ms, wake);
      signal.addEventListener('abort', wake);
    });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
