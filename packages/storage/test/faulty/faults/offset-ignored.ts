import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'an offset leaves out rows from the start',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      async query(query) {
        await collection.query(query);
        return collection.query({ ...query, offset: 0 });
      },
    })),
};
