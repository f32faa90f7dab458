import type { SimfleetEvent } from '@simfleet/contracts';
import { startRelay, type Relay } from '../../outbox/relay.ts';
import type { Storage } from '../../storage.ts';

interface TallyDocument {
  readonly customer: string;
  readonly total: number;
  /** Last version seen of each source: recorded in the write of the effect, so that an event seen twice counts once. */
  readonly seen: Readonly<Record<string, number>>;
}

/** A consumer whose effect is to count events. */
export interface Tally {
  count(event: SimfleetEvent): Promise<void>;
  total(): Promise<number>;
}

export const openTally = async (storage: Storage): Promise<Tally> => {
  const tallies = await storage.collection<TallyDocument>({ name: 'tallies', fields: {}, sorts: [] });
  return {
    async count({ source, sourceversion }) {
      const stored = await tallies.get('tally');
      const doc = stored?.doc ?? { customer: 'acme', total: 0, seen: {} };
      if ((doc.seen[source] ?? 0) >= sourceversion) return;
      const next = { ...doc, total: doc.total + 1, seen: { ...doc.seen, [source]: sourceversion } };
      await (stored === null ? tallies.insert('tally', next) : tallies.save('tally', stored.version, next));
    },
    async total() {
      return (await tallies.get('tally'))?.doc.total ?? 0;
    },
  };
};

/** A relay on real time that feeds the tally. */
export const relayInto = async (storage: Storage, tally: Pick<Tally, 'count'>): Promise<Relay> =>
  startRelay({
    outbox: storage.outbox,
    publish: (event) => tally.count(event),
    clock: {
      after(ms, callback) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    },
    logger: { warn: () => undefined, error: () => undefined },
  });
