import type { Storage } from '@simfleet/storage';
import type { OpenAt } from '@simfleet/storage/contract';
import { openMongoStorage } from '@simfleet/storage-mongodb';

/** What the suite calls a directory is the URL of a database here. */
export const openAt: OpenAt = (url) => openMongoStorage({ url });

/** A store that is closed after its test, failed or not: an open one would keep the process of the tests. */
export const openFor = async (t: { after(cleanUp: () => Promise<void>): void }, url: string): Promise<Storage> => {
  const storage = await openMongoStorage({ url });
  t.after(() => storage.close());
  return storage;
};
