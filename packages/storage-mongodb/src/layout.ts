import type { StoredKey } from '@simfleet/storage/documents';
import type { Collection, Db } from 'mongodb';

/** An event that is not out yet, in the document of its aggregate. */
export interface StoredEvent {
  /** Place in the order of all events, see `documents/marks.ts`. */
  readonly m: string;
  readonly source: string;
  readonly text: string;
}

/**
 * An aggregate. A tombstone has neither `v` nor `doc`, so that no compare-and-set fits it, but events.
 * `keys` are sort keys by field, text in its ordered form; `shape` names the declaration that they were drawn out by.
 */
export interface Row {
  readonly _id: string;
  readonly v?: number;
  /** JSON text. */
  readonly doc?: string | null;
  readonly keys?: Readonly<Record<string, StoredKey>>;
  /** Each as JSON text, `["tier","gold"]`: one value to an index, and to servers that would match members of different labels. */
  readonly labels?: readonly string[];
  readonly shape?: string;
  readonly events?: readonly StoredEvent[];
}

export interface StoredEntry {
  readonly p: number;
  readonly k: string;
  /** Canonical JSON text. */
  readonly d: string;
}

/** A stream: every append, trim and drop is one write to its head. `_id` is the ordered form of its name. */
export interface Head {
  readonly _id: string;
  /** Tells incarnations of a dropped stream apart. */
  readonly e: string;
  readonly last: number;
  /** Position up to which it is trimmed. */
  readonly t: number;
  /** The newest entries; older ones are in chunks. */
  readonly tail: readonly StoredEntry[];
}

/** Entries that moved out of the head of their stream, together and never changed. */
export interface Chunk {
  readonly _id: string;
  readonly s: string;
  readonly e: string;
  /** Position of its last entry. */
  readonly n: number;
  readonly entries: readonly StoredEntry[];
}

export interface Declared {
  readonly _id: string;
  readonly declaration: string;
  /** False from the first change of the documents or indexes to the last. */
  readonly ready: boolean;
}

/** `schema` with the version, and `load` while a dump is loaded. */
export interface State {
  readonly _id: 'schema' | 'load';
  readonly version?: number;
}

export interface Held {
  readonly _id: string;
  readonly owner: string;
  /** Rises while the owner lives. */
  readonly beat: number;
}

/** Collections are named as they are declared; names of what serves them hold a dot, which no declared name does. */
export const rowsOf = (db: Db, name: string): Collection<Row> => db.collection<Row>(name);
export const headsOf = (db: Db): Collection<Head> => db.collection<Head>('log.streams');
export const chunksOf = (db: Db): Collection<Chunk> => db.collection<Chunk>('log.chunks');
export const declaredOf = (db: Db): Collection<Declared> => db.collection<Declared>('simfleet.collections');
export const stateOf = (db: Db): Collection<State> => db.collection<State>('simfleet.state');
export const locksOf = (db: Db): Collection<Held> => db.collection<Held>('simfleet.locks');
