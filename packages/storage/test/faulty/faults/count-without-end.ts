import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a count stops at its most',
  spoil: (healthy) => spoilCollections(healthy, (collection) => ({ count: (filter) => collection.count(filter) })),
};
