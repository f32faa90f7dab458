import type { LiveEvent, SimfleetEvent } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';

/** Everything that the store says, in one snapshot. */
export interface Content {
  readonly documents: (collection: string) => ReadonlyMap<string, unknown>;
  readonly events: readonly SimfleetEvent[];
  /** Live history of each job. */
  readonly live: ReadonlyMap<string, readonly LiveEvent[]>;
}

const livePrefix = 'live:';

export const contentOf = async (store: Storage): Promise<Content> => {
  const collections = new Map<string, Map<string, unknown>>();
  const events: SimfleetEvent[] = [];
  const live = new Map<string, LiveEvent[]>();
  for await (const record of store.dump()) {
    if (record.kind === 'event') events.push(record.event);
    if (record.kind === 'entry' && record.stream.startsWith(livePrefix)) {
      const jobId = record.stream.slice(livePrefix.length);
      live.set(jobId, [...(live.get(jobId) ?? []), record.data as unknown as LiveEvent]);
    }
    if (record.kind !== 'document') continue;
    const documents = collections.get(record.collection) ?? new Map<string, unknown>();
    collections.set(record.collection, documents.set(record.id, record.doc));
  }
  return { documents: (collection) => collections.get(collection) ?? new Map<string, unknown>(), events, live };
};
