import { setImmediate as turn } from 'node:timers/promises';
import type { OpenAt } from '@simfleet/storage/contract';
import { openAt as openHealthy } from '../../sqlite/opener.ts';
import { spoilCollections, type Fault } from '../fault.ts';

/** Answers a save before it is written. */
export const openAt: OpenAt = async (directory) =>
  spoilCollections(await openHealthy(directory), (collection) => ({
    async save(id, expected, doc, events) {
      // Late enough for a busy machine: a writer that has caught up when the kill comes would look healthy.
      setTimeout(() => void collection.save(id, expected, doc, events).catch(() => undefined), 20);
      await turn();
      return { id, version: expected + 1, doc };
    },
  }));

export const fault: Fault = {
  rejectedBy: 'killed after',
  opener: import.meta.url,
  spoil: (healthy) => healthy,
};
