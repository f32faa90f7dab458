import type { CollectionDeclaration } from '../../collection.ts';
import type { ItemToLoad } from '../../documents/dump-to-load.ts';
import type { EntryToWrite } from '../../documents/entries.ts';
import type { StoredKey } from '../../documents/order.ts';
import type { EventToWrite, RecordToWrite } from '../../documents/record.ts';
import type { Fault } from '../faults.ts';

interface To {
  readonly collection: string;
  readonly id: string;
  readonly events: readonly EventToWrite[];
}

export type InsertCall = To & { readonly kind: 'insert'; readonly record: RecordToWrite };
export type SaveCall = To & { readonly kind: 'save'; readonly expected: number; readonly record: RecordToWrite };
export type DeleteCall = To & { readonly kind: 'delete'; readonly expected: number };

/** What the writer thread can be asked. Every call is written whole or not at all. */
export type Call =
  | { readonly kind: 'declare'; readonly declaration: CollectionDeclaration }
  | InsertCall
  | SaveCall
  | DeleteCall
  /** Outbox keys whose events are out. */
  | { readonly kind: 'mark'; readonly keys: readonly string[] }
  | { readonly kind: 'append'; readonly stream: string; readonly entries: readonly EntryToWrite[] }
  | { readonly kind: 'trim'; readonly stream: string; readonly through: number }
  | { readonly kind: 'drop'; readonly stream: string }
  | LoadCall
  | { readonly kind: 'ping' };

/**
 * A load is one transaction over many calls: `begin` finds the store empty, `items` write, `commit` makes all of it durable, `abandon` leaves
 * nothing. Other calls in between are refused.
 */
export type LoadCall =
  | { readonly kind: 'load'; readonly step: 'begin' | 'commit' | 'abandon' }
  | { readonly kind: 'load'; readonly step: 'items'; readonly items: readonly ItemToLoad[] };

/** Answer to an append: a positive position was written, a negative one was there already. Plain numbers cross threads cheaply. */
export type Positions = readonly number[];

export type Reply =
  { readonly done: true; readonly positions?: Positions } | { readonly done: false; readonly fault: Fault };

/** A number of calls that are done and have nothing to tell crosses threads as that number: a list of objects costs more than a lookup. */
export type Replies = number | readonly Reply[];

/** Calls as they cross to the thread (packing.ts). */
export type Packed = readonly (Call | StoredKey)[];

/** From the thread: first `ready` or `failed`, then one `replies` per commit, in the order of the calls. */
export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'replies'; readonly replies: Replies; readonly events: boolean }
  | { readonly kind: 'closed' };

export type ToWriter = { readonly kind: 'calls'; readonly packed: Packed } | { readonly kind: 'close' };

export interface WriterSettings {
  readonly file: string;
}
