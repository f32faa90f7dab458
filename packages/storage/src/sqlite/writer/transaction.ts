import type { DatabaseSync } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';
import { faultOf, isBroken, isFull } from '../faults.ts';
import type { Statements } from '../statements.ts';
import type { Call, Reply } from './calls.ts';
import { declareCollection } from './declare.ts';
import { collectionSql, deleteDocument, insertDocument, saveDocument, type CollectionSql } from './documents.ts';
import { appendEntries, dropStream, trimStream } from './log.ts';
import { markEvents } from './outbox.ts';

/** Writes batches of calls, one transaction and so one fsync each. A call that fails leaves no trace and harms no other. */
export class Transactions {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #collections = new Map<string, CollectionSql>();
  /** Set when a write or an fsync failed: the kernel may have dropped dirty pages, so nothing written later could be trusted. */
  #broken: unknown = null;

  constructor(db: DatabaseSync, statements: Statements) {
    this.#db = db;
    this.#statements = statements;
  }

  /** Returns once the batch is durable. */
  write(calls: readonly Call[]): readonly Reply[] {
    if (this.#broken !== null) return calls.map(() => failed(this.#broken));
    try {
      return this.#together(calls);
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      if (isBroken(error)) this.#broken = error;
      // On a full disk a small call may still fit where a batch with a big one did not.
      if (isFull(error) && calls.length > 1) return calls.flatMap((call) => this.write([call]));
      return calls.map(() => failed(error));
    }
  }

  #together(calls: readonly Call[]): readonly Reply[] {
    this.#statements.get('BEGIN IMMEDIATE').run();
    const replies = calls.map((call) => this.#isolated(call));
    this.#statements.get('COMMIT').run();
    return replies;
  }

  #isolated(call: Call): Reply {
    this.#statements.get('SAVEPOINT one').run();
    try {
      const reply = this.#apply(call);
      this.#statements.get('RELEASE one').run();
      return reply;
    } catch (error) {
      // Some errors make SQLite roll the whole transaction back: then the batch has failed, not the call.
      if (!this.#db.isTransaction || isFull(error) || isBroken(error)) throw error;
      this.#statements.get('ROLLBACK TO one').run();
      this.#statements.get('RELEASE one').run();
      return failed(error);
    }
  }

  #apply(call: Call): Reply {
    switch (call.kind) {
      case 'insert':
        insertDocument(this.#statements, this.#sqlOf(call.collection), call);
        break;
      case 'save':
        saveDocument(this.#statements, this.#sqlOf(call.collection), call);
        break;
      case 'delete':
        deleteDocument(this.#statements, this.#sqlOf(call.collection), call);
        break;
      case 'append':
        return { done: true, positions: appendEntries(this.#statements, call.stream, call.entries) };
      case 'mark':
        markEvents(this.#statements, call.keys);
        break;
      case 'trim':
        trimStream(this.#statements, call.stream, call.through);
        break;
      case 'drop':
        dropStream(this.#statements, call.stream);
        break;
      case 'declare':
        declareCollection(this.#db, call.declaration);
        this.#collections.set(
          call.declaration.name,
          collectionSql(call.declaration.name, Object.keys(call.declaration.fields)),
        );
        break;
      case 'ping':
        break;
    }
    return { done: true };
  }

  #sqlOf(collection: string): CollectionSql {
    const sql = this.#collections.get(collection);
    if (sql === undefined) throw new SimfleetError('internal', `Collection ${collection} is not declared.`);
    return sql;
  }
}

const failed = (error: unknown): Reply => ({ done: false, fault: faultOf(error) });
