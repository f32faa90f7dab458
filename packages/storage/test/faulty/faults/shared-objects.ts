import type { Stored, Document } from '@simfleet/storage';
import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'callers share no object with the store',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => {
      const cache = new Map<string, Stored<Document>>();
      return {
        async get(id) {
          const fresh = await collection.get(id);
          const cached = cache.get(id);
          return fresh?.version === cached?.version ? (cached ?? null) : fresh;
        },
        async insert(id, doc, events) {
          const stored = { ...(await collection.insert(id, doc, events)), doc };
          cache.set(id, stored);
          return stored;
        },
      };
    }),
};
