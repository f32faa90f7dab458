import { spoilCollections, type Fault } from '../fault.ts';

/** Looks for what an encoder makes of the id. */
export const fault: Fault = {
  rejectedBy: 'an id that no store keeps is nobody',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({ get: (id) => collection.get(Buffer.from(id).toString()) })),
};
