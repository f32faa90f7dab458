import { randomUUID } from 'node:crypto';
import { spoilCollections, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a refused write emits nothing',
  spoil: (healthy) =>
    spoilCollections(healthy, (collection) => ({
      async save(id, expected, doc, events) {
        try {
          return await collection.save(id, expected, doc, events);
        } catch (error) {
          const ghosts = await healthy.collection({ name: 'ghosts', fields: {}, sorts: [] });
          await ghosts.insert(randomUUID(), { customer: 'acme' }, events);
          throw error;
        }
      },
    })),
};
