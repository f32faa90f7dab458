import type { OpenAt } from '@simfleet/storage/contract';
import { openMongoStorage } from '@simfleet/storage-mongodb';

/** What the suite calls a directory is the URL of a database here. */
export const openAt: OpenAt = (url) => openMongoStorage({ url });
