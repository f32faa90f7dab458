import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import { defaultMaxAttempts, makeAttempts, type AttemptTools } from '../attempts.ts';
import type { DeadLetter, DurableConsumer } from '../bus.ts';
import { traceOfEvent, type Tracing } from '../tracing.ts';

/** What the bus needs to know of a consumer, whatever its types. */
export type AnyConsumer = Pick<DurableConsumer<never>, 'name' | 'types' | 'maxAttempts'> & {
  readonly handle: (event: never) => Promise<void>;
};

interface Tools extends AttemptTools {
  readonly tracing: Tracing;
  readonly park: (letter: Omit<DeadLetter, 'id' | 'time'>) => void;
}

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
    const { name, maxAttempts = defaultMaxAttempts } = this.#consumer;
    // A copy, as a broker would hand out: no consumer sees what another did to its event.
    const handle = (): Promise<void> => this.#consumer.handle(structuredClone(event) as never);
    // Always: around us is the context of whoever woke the relay.
    const attempt = (): Promise<void> => this.#tools.tracing.within(traceOfEvent(event), handle);
    const outcome = await makeAttempts(attempt, maxAttempts, this.#ended.signal, this.#tools);
    if (outcome.kind === 'ended') {
      throw new SimfleetError('unavailable', `Consumer "${name}" ended before it handled ${event.id}.`);
    }
    if (outcome.kind === 'failed') {
      this.#tools.park({ consumer: name, event, reason: outcome.reason, attempts: outcome.attempts });
    }
  }
}
