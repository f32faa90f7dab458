import type { SimfleetEvent } from '@simfleet/contracts';

/**
 * JSON value as every store keeps it: no undefined, no NaN, no Date (dates are RFC 3339 strings to the millisecond). Text in documents and
 * events holds no U+0000, which PostgreSQL cannot store; the data of log entries may.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Every record carries its customer. */
export interface Document {
  readonly customer: string;
}

/** An aggregate as stored. `version` starts at 1, rises by 1 with every save, and is the strong ETag. */
export interface Stored<Doc> {
  readonly id: string;
  readonly version: number;
  readonly doc: Doc;
}

/** An event before the store gives it its `sourceversion`: the version of the write that carries it. */
export type NewEvent = SimfleetEvent extends infer Event
  ? Event extends SimfleetEvent
    ? Omit<Event, 'sourceversion'>
    : never
  : never;

/** A declared field that can be filtered and sorted on. Paths into the document, such as `['spec', 'serviceRef', 'name']`. */
export interface FieldDeclaration {
  readonly path: readonly string[];
  /** `text` sorts by Unicode code point; `integer64` is a decimal string that sorts as a number; null sorts first. */
  readonly type: 'text' | 'number' | 'integer64' | 'time' | 'boolean';
}

/** Closed filter language; anything else is a named query of its own. Every adapter implements all of it. */
export type Filter =
  | { readonly op: 'and'; readonly all: readonly Filter[] }
  | { readonly op: 'eq'; readonly field: string; readonly value: string | number | boolean | null }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly (string | number | boolean | null)[] }
  /** from ≤ value < to, each bound optional; null is in no range. */
  | { readonly op: 'range'; readonly field: string; readonly from?: string | number; readonly to?: string | number }
  | { readonly op: 'prefix'; readonly field: string; readonly prefix: string }
  /** `labels` is a map of text to text in the document root. */
  | { readonly op: 'label'; readonly key: string; readonly value: string };

/** A sort by one declared field, with the id as tie-breaker in the same direction. */
export interface Sort {
  readonly field: string;
  readonly direction: 'ascending' | 'descending';
}

/** Where a page starts: the sort key and id of the row beside it, exclusive. */
export interface Position {
  readonly key: string | number | boolean | null;
  readonly id: string;
}

export interface Query {
  readonly filter?: Filter;
  readonly sort: Sort;
  /** Rows wanted, 1 … 1000. */
  readonly limit: number;
  /** Rows after this position in sort order. At most one of `after` and `before`. */
  readonly after?: Position;
  /** Rows before this position; still answered in sort order. */
  readonly before?: Position;
  /**
   * Rows to leave out from the start of the sort order, 0 … 10,000: for page numbers. The store reads and drops them, so that a far page costs
   * more than a near one; positions have no such cost. Not together with `after` or `before`.
   */
  readonly offset?: number;
}

export interface QueryPage<Doc> {
  readonly rows: readonly (Stored<Doc> & { readonly position: Position })[];
  /** Whether rows exist beyond the page in the direction that was walked. */
  readonly more: boolean;
}

export interface CollectionDeclaration {
  /** Lower-case letters and `_`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldDeclaration>>;
  /**
   * Fields that rows can be sorted by; a query by any other is refused with `invalid-request`. Each has an index, made when the collection is first
   * declared or its declaration changes. One that is missing, unusable or of another make under an unchanged declaration is not made again behind
   * anybody's back, since over many rows that takes long: `collection()` throws `invalid-configuration`, naming the sort and how to mend it.
   */
  readonly sorts: readonly string[];
  /**
   * Indexes beyond those of `sorts` (one a sort, and one led by a declared field `customer`), for lists that are often narrowed by `eq`: without
   * one, a page walks the rows in the order of its sort and leaves out those that do not match, of which there may be many. Handled like those of `sorts`.
   */
  readonly indexes?: readonly IndexDeclaration[];
  /**
   * Names of collections whose documents rely on documents here that were written before them. A dump reads this collection after those, so that it
   * has what they rely on, also where the database has no snapshots.
   */
  readonly dumpAfter?: readonly string[];
}

/** Rows that equal each other in one to four fields, in the order of a declared sort, then id. */
export interface IndexDeclaration {
  readonly equal: readonly string[];
  readonly sort: string;
}

/**
 * Aggregates: one document each, saved by compare-and-set, with their events in the same write.
 * A promise resolves only after the write is durable. `SimfleetError` codes: `already-exists`, `version-conflict`, `not-found`,
 * `storage-full`, `unavailable`.
 */
export interface Collection<Doc extends Document> {
  get(id: string): Promise<Stored<Doc> | null>;
  /** Throws `already-exists` when the id is taken, by a tombstone whose events are not out yet too. */
  insert(id: string, doc: Doc, events?: readonly NewEvent[]): Promise<Stored<Doc>>;
  /** Throws `version-conflict` when `expected` is not the stored version, `not-found` when there is none. */
  save(id: string, expected: number, doc: Doc, events?: readonly NewEvent[]): Promise<Stored<Doc>>;
  /** Leaves a tombstone until its events are out. */
  delete(id: string, expected: number, events?: readonly NewEvent[]): Promise<void>;
  query(query: Query): Promise<QueryPage<Doc>>;
  /** Rows that fulfil the filter. With `atMost` (≥ 1) the store stops counting there. */
  count(filter?: Filter, atMost?: number): Promise<number>;
}

/** Events that were written but not yet marked published, oldest first; order within one aggregate is that of its versions. */
export interface Outbox {
  /** At most `limit` of them, leaving out those of the sources in `except`: a source that fails must not hide the others. */
  pending(limit: number, except?: readonly string[]): Promise<readonly PendingEvent[]>;
  /** Never changes version or ETag. Idempotent. */
  markPublished(events: readonly PendingEvent[]): Promise<void>;
  /** Called after each local commit that carried events; returns the function that ends the subscription. */
  onCommit(listener: () => void): () => void;
}

export interface PendingEvent {
  /** Opaque position in the outbox. */
  readonly key: string;
  readonly event: SimfleetEvent;
}
