import type { Storage } from '@simfleet/storage';
import type { OpenAt } from '@simfleet/storage/contract';
import { openMemoryStorage } from '@simfleet/storage/memory';

/** Stores in memory by directory: all that are opened on one are the same, as on a server. Ends with the process. */
export const sharedOpener = (spoil: (handle: Storage) => Storage): OpenAt => {
  const stores = new Map<string, Storage>();
  return async (directory) => {
    const store = stores.get(directory) ?? openMemoryStorage();
    stores.set(directory, store);
    return spoil({ ...store, shared: true, close: async () => undefined });
  };
};
