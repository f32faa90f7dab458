import { SimfleetError } from '@simfleet/contracts';
import type { Entry, Json } from '@simfleet/storage';
import type { Db } from 'mongodb';
import { chunksOf, headsOf, type Head, type StoredEntry } from '../layout.ts';
import { orderedText } from '../ordered-text.ts';
import { tailStart } from './heads.ts';

/** Chunks fetched at once. */
const batchSize = 16;
const mostTries = 20;

/**
 * Entries `first` … `last` of what the head tells: from chunks, then from the head itself. None or only the foremost when the stream was trimmed
 * or dropped meanwhile.
 */
export const gather = async (db: Db, head: Head, first: number, last: number): Promise<readonly StoredEntry[]> => {
  const found: StoredEntry[] = [];
  // Chunks may overlap when a process slept while it sealed: each position is taken once.
  const take = (entries: readonly StoredEntry[]): void => {
    for (const entry of entries) if (entry.p === first + found.length && entry.p <= last) found.push(entry);
  };
  const start = tailStart(head);
  if (first < start) {
    const chunks = chunksOf(db).find({ s: head._id, e: head.e, n: { $gte: first } }, { sort: { n: 1 }, batchSize });
    for await (const { entries, n } of chunks) {
      take(entries);
      if (n >= Math.min(last, start - 1)) break;
    }
  }
  take(head.tail);
  return found;
};

/** Entries of a stream after a position, at most `limit`. */
export const readEntries = async (db: Db, stream: string, after: number, limit: number): Promise<readonly Entry[]> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const head = await headsOf(db).findOne({ _id: orderedText(stream) });
    if (head === null) return [];
    const first = Math.max(after, head.t) + 1;
    const last = Math.min(head.last, first + limit - 1);
    if (last < first) return [];
    const found = await gather(db, head, first, last);
    if (found.length === last - first + 1) {
      return found.map(({ p, k, d }) => ({ position: p, key: k, data: JSON.parse(d) as Json }));
    }
  }
  throw new SimfleetError('unavailable', `Stream "${stream}" changes faster than it can be read.`);
};
