import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'every write emits its events once',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      insert: (id, doc, events = []) => collection.insert(id, doc, [...events, ...events]),
    })),
};
