import type { OpenAt } from '@simfleet/storage/contract';
import { openPostgresStorage } from '@simfleet/storage-postgres';

/** The «directory» of the suite is the URL of a database. */
export const openAt: OpenAt = (url) => openPostgresStorage({ url, connections: 6 });
