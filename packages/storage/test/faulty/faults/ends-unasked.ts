import type { OpenAt } from '@simfleet/storage/contract';
import { openAt as openHealthy } from '../../sqlite/opener.ts';
import { spoilCollections, type Fault } from '../fault.ts';

/** Fails the first save, so that the process that is to be killed ends by itself, with little to look for. */
export const openAt: OpenAt = async (directory) =>
  spoilCollections(await openHealthy(directory), () => ({ save: () => Promise.reject(new Error('cannot save')) }));

export const fault: Fault = {
  rejectedBy: 'killed after 200',
  opener: import.meta.url,
  spoil: (healthy) => healthy,
};
