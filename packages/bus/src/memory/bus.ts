import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { Bus, DeadLetter, Unsubscribe } from '../bus.ts';
import { Answers } from './answers.ts';
import { defaultBackoff, type Backoff } from '../backoff.ts';
import { DurableInstance, type AnyConsumer } from './durable.ts';
import { realTimers, type Timers } from '../timers.ts';
import { noTracing, type Tracing } from '../tracing.ts';

export interface MemoryBusOptions {
  readonly timers?: Timers;
  /** 0 … 1; default `Math.random`. */
  readonly random?: () => number;
  readonly backoff?: Backoff;
  /** Default: none is followed. */
  readonly tracing?: Tracing;
  /** Told when a listener of broadcasts throws: nobody else can be. */
  readonly onListenerError?: (subject: string, error: unknown) => void;
}

/** Letters kept for people to read; older ones make room. */
const mostDeadLetters = 1000;
const defaultTimeoutMs = 5000;

/**
 * A bus within the process. It keeps nothing: an event is safe because the outbox keeps it until `publish` resolves, which is when every
 * durable consumer registered by then has handled or parked it. Register consumers before the relay starts.
 */
export const openMemoryBus = (options: MemoryBusOptions = {}): Bus => {
  const { timers = realTimers, random = Math.random, backoff = defaultBackoff, onListenerError } = options;
  const { tracing = noTracing } = options;
  const consumers = new Map<string, DurableInstance[]>();
  const listeners = new Map<string, Set<(message: unknown) => void>>();
  const answers = new Answers(timers);
  const letters: DeadLetter[] = [];
  let parked = 0;
  const turns = new Map<string, number>();
  let open = true;

  const checkOpen = (): void => {
    if (!open) throw new SimfleetError('unavailable', 'The bus is closed.');
  };
  const park = (letter: Omit<DeadLetter, 'id' | 'time'>): void => {
    parked += 1;
    letters.push({ ...letter, id: String(parked).padStart(12, '0'), time: new Date().toISOString() });
    if (letters.length > mostDeadLetters) letters.shift();
  };
  /** Takes the letter out. Throws `not-found`. */
  const take = (letterId: string): DeadLetter => {
    const at = letters.findIndex(({ id }) => id === letterId);
    const [letter] = at < 0 ? [] : letters.splice(at, 1);
    if (letter === undefined) throw new SimfleetError('not-found', `There is no dead letter "${letterId}".`);
    return letter;
  };
  /** The instance of a name that takes the event: the one busy with its source, else the next in turn. */
  const chosen = (name: string, source: string, wanting: readonly DurableInstance[]): DurableInstance | undefined => {
    const busy = wanting.find((instance) => instance.busyWith(source));
    if (busy !== undefined) return busy;
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    return wanting[turn % wanting.length];
  };

  return {
    description: 'memory',
    shared: false,

    async publish(event: SimfleetEvent) {
      checkOpen();
      const deliveries: Promise<void>[] = [];
      for (const [name, instances] of consumers) {
        const wanting = instances.filter((instance) => instance.wants(event));
        const instance = chosen(name, event.source, wanting);
        if (instance !== undefined) deliveries.push(instance.deliver(event));
      }
      const failed = (await Promise.allSettled(deliveries)).find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },

    async consume(consumer) {
      checkOpen();
      const instance = new DurableInstance(consumer as unknown as AnyConsumer, {
        ...{ timers, random, backoff, park, tracing },
      });
      const instances = consumers.get(consumer.name) ?? [];
      consumers.set(consumer.name, instances);
      instances.push(instance);
      return async () => {
        const at = instances.indexOf(instance);
        if (at >= 0) instances.splice(at, 1);
        await instance.end();
      };
    },

    broadcast(subject, message) {
      checkOpen();
      const hearing = listeners.get(subject);
      if (hearing === undefined) return;
      const text = JSON.stringify(message);
      for (const handler of hearing) {
        queueMicrotask(() => {
          if (!hearing.has(handler)) return;
          try {
            handler(text === undefined ? undefined : JSON.parse(text));
          } catch (error) {
            onListenerError?.(subject, error);
          }
        });
      }
    },

    async listen(subject, handler) {
      checkOpen();
      const hearing = listeners.get(subject) ?? new Set();
      listeners.set(subject, hearing);
      const own = (message: unknown): void => handler(message);
      hearing.add(own);
      return async () => {
        hearing.delete(own);
        if (hearing.size === 0 && listeners.get(subject) === hearing) listeners.delete(subject);
      };
    },

    async request(subject, body, { timeoutMs = defaultTimeoutMs, to = '' } = {}) {
      checkOpen();
      // The schemas of the subject have just checked the reply; TypeScript cannot follow that.
      return (await answers.request(subject, to, body, timeoutMs)) as never;
    },

    async answer(subject, handler, { as = '' } = {}): Promise<Unsubscribe> {
      checkOpen();
      return answers.add(subject, as, handler);
    },

    async deadLetters({ after = '', limit }) {
      return letters.filter(({ id }) => id > after).slice(0, limit);
    },

    async replay(letterId) {
      checkOpen();
      const letter = take(letterId);
      try {
        const instance = chosen(letter.consumer, letter.event.source, consumers.get(letter.consumer) ?? []);
        if (instance === undefined) {
          throw new SimfleetError('unavailable', `Consumer "${letter.consumer}" is not running.`);
        }
        await instance.deliver(letter.event);
      } catch (error) {
        letters.push(letter);
        letters.sort((one, two) => (one.id < two.id ? -1 : 1));
        throw error;
      }
    },

    async discard(letterId) {
      checkOpen();
      take(letterId);
    },

    async check() {
      checkOpen();
    },

    async close() {
      open = false;
      await Promise.all([...consumers.values()].flat().map((instance) => instance.end()));
    },
  };
};
