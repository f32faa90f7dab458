import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'each save raises the version by one',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      async get(id) {
        const stored = await collection.get(id);
        return stored === null ? null : { ...stored, version: 1 };
      },
      async save(id, expected, doc, events) {
        const stored = await collection.get(id);
        const saved = await collection.save(id, expected === 1 ? (stored?.version ?? 1) : expected, doc, events);
        return { ...saved, version: 1 };
      },
    })),
};
