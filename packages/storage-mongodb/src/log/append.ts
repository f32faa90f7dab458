import { SimfleetError } from '@simfleet/contracts';
import type { Appended } from '@simfleet/storage';
import { notReproducible, type EntryToWrite } from '@simfleet/storage/documents';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { isDuplicate } from '../faults.ts';
import { chunksOf, headsOf, type Head, type StoredEntry } from '../layout.ts';
import { orderedText } from '../ordered-text.ts';
import { newEpoch, seal, sealBytes, sealEntries, sizeOf, tailStart } from './heads.ts';

/** What one call is told. */
export type Outcome = { readonly appended: readonly Appended[] } | { readonly error: SimfleetError };

interface Plan {
  readonly outcomes: readonly Outcome[];
  readonly fresh: readonly StoredEntry[];
}

/** How long to try while other processes append to the same stream. */
const patienceMs = 10_000;

/** Entries of the stream that have one of the keys and are not trimmed. */
const knownEntries = async (db: Db, head: Head, keys: readonly string[]): Promise<ReadonlyMap<string, StoredEntry>> => {
  const known = new Map(head.tail.map((entry) => [entry.k, entry]));
  const missing = keys.filter((key) => !known.has(key));
  if (tailStart(head) === head.t + 1 || missing.length === 0) return known;
  const asked = new Set(missing);
  const filter = { s: head._id, e: head.e, 'entries.k': { $in: missing } };
  for await (const { entries } of chunksOf(db).find(filter, { projection: { entries: 1 } })) {
    for (const entry of entries) if (entry.p > head.t && asked.has(entry.k)) known.set(entry.k, entry);
  }
  return known;
};

/** What each call is told when all are written together behind `last`; a call that is refused leaves nothing. */
const planOf = (
  stream: string,
  calls: readonly (readonly EntryToWrite[])[],
  last: number,
  known: ReadonlyMap<string, StoredEntry>,
): Plan => {
  const all = new Map<string, StoredEntry>();
  const outcomes = calls.map((entries): Outcome => {
    const own = new Map<string, StoredEntry>();
    const appended: Appended[] = [];
    for (const { key, text } of entries) {
      const there = known.get(key) ?? all.get(key) ?? own.get(key);
      if (there !== undefined && there.d !== text) return { error: notReproducible(stream, key) };
      const entry = there ?? { p: last + all.size + own.size + 1, k: key, d: text };
      if (there === undefined) own.set(key, entry);
      appended.push({ position: entry.p, duplicate: there !== undefined });
    }
    for (const [key, entry] of own) all.set(key, entry);
    return { appended };
  });
  return { outcomes, fresh: [...all.values()] };
};

/** Writes behind what was read; false when the stream has changed since. */
const write = async (db: Db, id: string, head: Head | null, fresh: readonly StoredEntry[]): Promise<boolean> => {
  const tail = [...fresh];
  const last = (head?.last ?? 0) + tail.length;
  if (head !== null) {
    const { e, t } = head;
    const change = { $set: { last }, $push: { tail: { $each: tail } } };
    return (await headsOf(db).updateOne({ _id: id, e, t, last: head.last }, change)).matchedCount === 1;
  }
  try {
    await headsOf(db).insertOne({ _id: id, e: newEpoch(), last, t: 0, tail });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
};

const isFull = ({ tail }: Head, calls: readonly (readonly EntryToWrite[])[]): boolean => {
  if (tail.length === 0) return false;
  const bytes = tail.reduce((sum, entry) => sum + sizeOf(entry), 0);
  const added = calls.flat().reduce((sum, { key, text }) => sum + sizeOf({ k: key, d: text }), 0);
  return tail.length >= sealEntries || bytes + added > sealBytes;
};

/**
 * Appends what several calls ask for in one write: a compare-and-set on the head of the stream, which every append, trim and drop goes through,
 * so that a position is given once and a key that is there is seen. Throws `unavailable` when other processes never leave it alone.
 */
export const appendTogether = async (
  db: Db,
  stream: string,
  calls: readonly (readonly EntryToWrite[])[],
): Promise<readonly Outcome[]> => {
  const id = orderedText(stream);
  const keys = [...new Set(calls.flat().map(({ key }) => key))];
  const end = performance.now() + patienceMs;
  for (let tries = 0; performance.now() < end; tries += 1) {
    const head = await headsOf(db).findOne({ _id: id });
    if (head !== null && isFull(head, calls)) {
      await seal(db, head);
      continue;
    }
    const known = head === null ? new Map<string, StoredEntry>() : await knownEntries(db, head, keys);
    const { outcomes, fresh } = planOf(stream, calls, head?.last ?? 0, known);
    if (fresh.length === 0 || (await write(db, id, head, fresh))) return outcomes;
    // Others were first. Whoever waits a little at random is not first all the time.
    await sleep(Math.random() * Math.min(50, tries));
  }
  throw new SimfleetError('unavailable', `Other processes keep appending to stream "${stream}".`);
};
