import type { SimfleetEvent } from '@simfleet/contracts';
import type { NewEvent, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';

interface Thing {
  readonly customer: string;
}

/** A store whose aggregates emit events on demand. */
export interface Emitter {
  readonly storage: Storage;
  /** One more version of the aggregate, with one event. Resolves once it is committed. */
  emit(aggregate: string): Promise<void>;
}

export const openEmitter = async (): Promise<Emitter> => {
  const storage = openMemoryStorage();
  const things = await storage.collection<Thing>({ name: 'things', fields: {}, sorts: [] });
  const event = (aggregate: string, version: number): NewEvent => ({
    specversion: '1.0',
    id: `${aggregate}${version}`,
    source: `/things/${aggregate}`,
    type: 'dev.simfleet.shard.started.v1',
    time: '2026-01-01T00:00:00.000Z',
    customer: 'acme',
    datacontenttype: 'application/json',
    data: { jobId: aggregate, customer: 'acme', generation: 1, shard: 0, attempt: version },
  });
  return {
    storage,
    async emit(aggregate) {
      const stored = await things.get(aggregate);
      if (stored === null) await things.insert(aggregate, { customer: 'acme' }, [event(aggregate, 1)]);
      else await things.save(aggregate, stored.version, stored.doc, [event(aggregate, stored.version + 1)]);
    },
  };
};

/** Time that stands still until it is turned. */
export class HandClock {
  #now = 0;
  #alarms: { readonly at: number; readonly callback: () => void }[] = [];

  after(ms: number, callback: () => void): () => void {
    const alarm = { at: this.#now + ms, callback };
    this.#alarms.push(alarm);
    return () => (this.#alarms = this.#alarms.filter((each) => each !== alarm));
  }

  turn(ms: number): void {
    this.#now += ms;
    const due = this.#alarms.filter(({ at }) => at <= this.#now);
    this.#alarms = this.#alarms.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
  }
}

/** A receiver that notes what it got, and fails or waits when told to. */
export class Receiver {
  readonly got: string[] = [];
  readonly failing = new Set<string>();
  failure = (source: string): Error => new Error(`${source} is not taken`);
  refusals = 0;
  /** Publishes wait for this, when it is set. */
  gate: Promise<void> | null = null;

  readonly publish = async ({ id, source }: SimfleetEvent): Promise<void> => {
    if (this.gate !== null) await this.gate;
    if (this.failing.has(source)) {
      this.refusals += 1;
      throw this.failure(source);
    }
    this.got.push(id);
  };
}
