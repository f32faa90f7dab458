import type { Collection, CollectionDeclaration, Document, Outbox } from './collection.ts';
import type { Log } from './log.ts';

/** A store: one database, file or memory. Opened by `wiring`, passed to modules as an argument. */
export interface Storage {
  /** What it is, for people: `sqlite (synchronous=FULL)`. */
  readonly description: string;
  /** Prepares the collection (table, indexes) and returns it. Call once per declaration at start. */
  collection<Doc extends Document>(declaration: CollectionDeclaration): Promise<Collection<Doc>>;
  readonly log: Log;
  readonly outbox: Outbox;
  /** Throws `unavailable` when the store does not answer. */
  check(): Promise<void>;
  /** Waits for writes under way, then closes. Idempotent. */
  close(): Promise<void>;
}
