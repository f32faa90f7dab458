import type { Json } from './collection.ts';

/** An entry to append. The key makes the append idempotent within its stream. */
export interface NewEntry {
  readonly key: string;
  readonly data: Json;
}

/** `position` is 1, 2, 3, … without gaps within a stream, and never reused, trimmed or not. */
export interface Entry {
  readonly position: number;
  readonly key: string;
  readonly data: Json;
}

export interface Appended {
  readonly position: number;
  /** The key was there already with the same data; nothing was written. */
  readonly duplicate: boolean;
}

/**
 * Append-only streams for ledger, live history, audit and chat. Appends of concurrent callers share commits (group commit); a promise
 * resolves only after its entries are durable. All entries of one call are written or none.
 */
export interface Log {
  /** Throws `not-reproducible` when a key is there with other data (compared as canonical JSON, RFC 8785). */
  append(stream: string, entries: readonly NewEntry[]): Promise<readonly Appended[]>;
  /** Entries after `after` (0 = from the start) in order, at most `limit`. */
  read(stream: string, after: number, limit: number): Promise<readonly Entry[]>;
  /** Position of the last entry ever appended; 0 when there was none. */
  last(stream: string): Promise<number>;
  /** Drops entries up to and with `through`; their keys may then be appended again. */
  trim(stream: string, through: number): Promise<void>;
  /** Removes the stream whole; positions start again. */
  drop(stream: string): Promise<void>;
}
