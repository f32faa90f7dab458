import type { SimfleetEvent } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, Stored } from './collection.ts';
import type { Entry } from './log.ts';

/**
 * One piece of a store's content. A dump holds, in this order: each collection, by name but behind those of its `dumpAfter`, with its documents by id; the events that are not out
 * yet, oldest first; each stream, by name, with its entries by position. Names and ids by code point, so that equal content gives equal
 * dumps whatever the store.
 */
export type DumpRecord =
  | { readonly kind: 'collection'; readonly declaration: CollectionDeclaration }
  | ({ readonly kind: 'document'; readonly collection: string } & Stored<Document>)
  /** `document` names the aggregate that carries it: a deleted one stays a tombstone while it has events. */
  | {
      readonly kind: 'event';
      readonly collection: string;
      readonly document: string;
      readonly event: SimfleetEvent;
    }
  /** `last` (≥ 1) is the position of the last entry ever appended; trimmed streams have fewer entries, but none is missing between the first and it. */
  | { readonly kind: 'stream'; readonly name: string; readonly last: number }
  | ({ readonly kind: 'entry'; readonly stream: string } & Entry);
