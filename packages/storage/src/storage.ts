import type { Collection, CollectionDeclaration, Document, Outbox } from './collection.ts';
import type { DumpRecord } from './dump.ts';
import type { Log } from './log.ts';

/** A store: one database, file or memory. Opened by `wiring`, passed to modules as an argument. */
export interface Storage {
  /** What it is, for people: `sqlite (synchronous=FULL)`. */
  readonly description: string;
  /** Whether several processes may use the store at the same time. False = this process is its only user. */
  readonly shared: boolean;
  /** Prepares the collection (table, indexes) and returns it. Call once per declaration at start. */
  collection<Doc extends Document>(declaration: CollectionDeclaration): Promise<Collection<Doc>>;
  readonly log: Log;
  readonly outbox: Outbox;
  /**
   * Everything in the store, whether this process declared it or not, in the order that `DumpRecord` tells. One consistent state where the
   * database has snapshots; elsewhere documents come before the streams that they rely on, and before those of collections that are declared `dumpAfter` theirs. Throws `unavailable` when the store is closed meanwhile.
   */
  dump(): AsyncIterable<DumpRecord>;
  /**
   * Writes a dump into this store, declarations included. Throws `already-exists` when the store is not empty (has documents, events or streams),
   * `invalid-request` for records that are none or out of order, and whatever `records` throws; then the store is empty again, or says `already-exists`
   * from then on. Durable when it resolves; a death on the way leaves nothing, or a store whose `collection()` throws `invalid-configuration`.
   * Collections taken before may not fit their declaration any more: take them again.
   */
  load(records: AsyncIterable<DumpRecord>): Promise<void>;
  /** Throws `unavailable` when the store does not answer. */
  check(): Promise<void>;
  /** Waits for writes under way, then closes. Idempotent. */
  close(): Promise<void>;
}
