import { spoilCollections, type Fault } from '../fault.ts';

/** Cuts out what the database does not take, as some drivers do. */
export const fault: Fault = {
  rejectedBy: 'U+0000 is refused in ids, documents and events',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      insert: (id, doc, events) => collection.insert(id.replaceAll('\0', ''), doc, events),
    })),
};
