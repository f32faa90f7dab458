import { setImmediate as turn } from 'node:timers/promises';
import { sharedOpener } from '../shared.ts';
import { spoilCollections, type Fault } from '../fault.ts';

/** Each store compares with what it read last, and then writes whatever is there meanwhile. */
export const openAt = sharedOpener((handle) =>
  spoilCollections(handle, (collection) => ({
    async save(id, expected, doc, events) {
      const stored = await collection.get(id);
      if (stored?.version !== expected) return collection.save(id, expected, doc, events);
      await turn();
      const now = await collection.get(id);
      return { ...(await collection.save(id, now?.version ?? expected, doc, events)), version: expected + 1 };
    },
  })),
);

export const fault: Fault = {
  rejectedBy: '64 writers in 3 stores: exactly one wins each version',
  opener: import.meta.url,
  shared: true,
  spoil: (healthy) => healthy,
};
