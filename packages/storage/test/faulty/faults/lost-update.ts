import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a save at another version is refused',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      async save(id, expected, doc, events) {
        const stored = await collection.get(id);
        return collection.save(id, stored?.version ?? expected, doc, events);
      },
    })),
};
