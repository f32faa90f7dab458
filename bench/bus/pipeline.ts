import type { Bus } from '@simfleet/bus';
import { startRelay, type Storage } from '@simfleet/storage';
import { carriers, eventOf, type, type Carrier } from './event.ts';
import { rateOf, steadily } from './load.ts';

/** Write with an event → relay → JetStream → durable consumer → acknowledged. */
export interface Pipeline {
  /** Events a second from the first write to the last handling. */
  throughput(count: number, writers: number): Promise<number>;
  /** Milliseconds from the call of each write to the handling of its event, at so many events a second. */
  latencies(rate: number, seconds: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

const after = (ms: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

export const openPipeline = async (storage: Storage, bus: Bus): Promise<Pipeline> => {
  const written = await storage.collection<Carrier>(carriers);
  const waiting = new Map<string, () => void>();
  const endConsumer = await bus.consume({
    name: 'bench',
    types: [type],
    handle: async ({ id }) => {
      waiting.get(id)?.();
      waiting.delete(id);
    },
  });
  const tell = (fields: object, message: string): void => console.error(message, fields);
  const logger = { warn: tell, error: tell };
  const relay = startRelay({
    outbox: storage.outbox,
    publish: (event) => bus.publish(event),
    clock: { after },
    logger,
  });
  let runs = 0;
  /** Resolves when the event is handled; `onWritten` is told of the write itself. */
  const send = async (id: string, onWritten: () => void = () => undefined): Promise<void> => {
    const handled = new Promise<void>((resolve) => waiting.set(id, resolve));
    await written.insert(id, { customer: 'acme' }, [eventOf(id)]);
    onWritten();
    await handled;
  };
  return {
    async throughput(count, writers) {
      runs += 1;
      const run = runs;
      const started = performance.now();
      const handled: Promise<void>[] = [];
      await rateOf(count, writers, async (index) => {
        await new Promise<void>((resolve, reject) => {
          const sent = send(`t-${run}-${index}`, resolve);
          sent.catch(reject);
          handled.push(sent);
        });
      });
      await Promise.all(handled);
      return (count * 1000) / (performance.now() - started);
    },
    async latencies(rate, seconds) {
      runs += 1;
      const run = runs;
      const all: number[] = [];
      await steadily(rate, seconds, async (index) => {
        const started = performance.now();
        await send(`l-${run}-${index}`);
        all.push(performance.now() - started);
      });
      return all;
    },
    async close() {
      await relay.stop();
      await endConsumer();
    },
  };
};
