import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { isDuplicate } from '../faults.ts';
import { chunksOf, headsOf, type Head, type StoredEntry } from '../layout.ts';

/** Entries in the head of a stream, at which they move into a chunk: a head is written anew with each append. */
export const sealEntries = 64;
export const sealBytes = 256 * 1024;

/** Bytes that an entry takes in a document, its names and numbers included. */
export const sizeOf = ({ k, d }: Pick<StoredEntry, 'k' | 'd'>): number =>
  Buffer.byteLength(k) + Buffer.byteLength(d) + 64;

export const newEpoch = (): string => randomBytes(8).toString('hex');

/** Position of the oldest entry that is in the head. */
export const tailStart = ({ tail, last }: Head): number => tail[0]?.p ?? last + 1;

export const chunkId = (stream: string, epoch: string, first: number): string =>
  [stream, epoch, String(first).padStart(16, '0')].join('\0');

/**
 * Moves the entries of a head into a chunk. Of several processes that do so at once, the chunk that is there first says which entries moved:
 * they leave the head when they are in it, and are read once, because who reads takes from chunks only what is not in the head.
 */
export const seal = async (db: Db, { _id, e, tail }: Head): Promise<void> => {
  const [first, end] = [tail[0], tail.at(-1)];
  if (first === undefined || end === undefined) return;
  const id = chunkId(_id, e, first.p);
  let moved: number | undefined = end.p;
  try {
    await chunksOf(db).insertOne({ _id: id, s: _id, e, n: end.p, entries: [...tail] });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    moved = (await chunksOf(db).findOne({ _id: id }, { projection: { n: 1 } }))?.n;
  }
  // A chunk that is gone was trimmed, and so is the head.
  if (moved !== undefined) await headsOf(db).updateOne({ _id, e }, { $pull: { tail: { p: { $lte: moved } } } });
};
