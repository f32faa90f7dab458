import type { OpenAt } from '@simfleet/storage/contract';
import { openAt as openHealthy } from '../../sqlite/opener.ts';
import { spoilCollections, type Fault } from '../fault.ts';

/** Answers a save before it is written. */
export const openAt: OpenAt = async (directory) =>
  spoilCollections(await openHealthy(directory), (collection) => ({
    async save(id, expected, doc, events) {
      void collection.save(id, expected, doc, events);
      return { id, version: expected + 1, doc };
    },
  }));

export const fault: Fault = {
  rejectedBy: 'killed after',
  opener: import.meta.url,
  spoil: (healthy) => healthy,
};
