import { spoilCollections, type Fault } from '../fault.ts';

/** Wrong only after some writes of one document: no case of the suite goes that far, random operations do. */
export const fault: Fault = {
  rejectedBy: 'any sequence of operations',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      save: (id, expected, doc, events) => collection.save(id, expected, doc, expected === 2 ? [] : events),
    })),
};
