import { errorCode } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import type { OpenAt } from '@simfleet/storage/contract';
import { openAt as openHealthy } from '../../sqlite/opener.ts';
import type { Fault } from '../fault.ts';

/** Sorts without an index when there is none. */
export const openAt: OpenAt = async (directory): Promise<Storage> => {
  const healthy = await openHealthy(directory);
  return {
    ...healthy,
    async collection(declaration) {
      try {
        return await healthy.collection(declaration);
      } catch (error) {
        if (errorCode(error) !== 'invalid-configuration') throw error;
        return healthy.collection({ ...declaration, sorts: [] });
      }
    },
  };
};

export const fault: Fault = {
  rejectedBy: 'a sort whose index is gone is refused at start',
  opener: import.meta.url,
  spoil: (healthy) => healthy,
};
