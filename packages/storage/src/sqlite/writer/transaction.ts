import type { DatabaseSync } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';
import { faultOf, isBroken, isFull } from '../faults.ts';
import type { Statements } from '../statements.ts';
import type { Call, LoadCall, Reply } from './calls.ts';
import { declareCollection } from './declare.ts';
import { collectionSql, deleteDocument, insertDocument, saveDocument, type CollectionSql } from './documents.ts';
import { beginLoading, type Loading } from './load.ts';
import { appendEntries, dropStream, trimStream } from './log.ts';
import { markEvents } from './outbox.ts';

/** Writes batches of calls, one transaction and so one fsync each. A call that fails leaves no trace and harms no other. A load has a transaction of its own. */
export class Transactions {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  readonly #collections = new Map<string, CollectionSql>();
  /** Set when a write or an fsync failed: the kernel may have dropped dirty pages, so nothing written later could be trusted. */
  #broken: unknown = null;
  #loading: Loading | null = null;

  constructor(db: DatabaseSync, statements: Statements) {
    this.#db = db;
    this.#statements = statements;
    this.#keepTemporary('MEMORY');
  }

  /** Returns once the batch is durable. */
  write(calls: readonly Call[]): readonly Reply[] {
    if (this.#broken !== null) return calls.map(() => failed(this.#broken));
    const loading = this.#loading !== null || calls.some(({ kind }) => kind === 'load');
    return loading ? calls.map((call) => this.#besideLoad(call)) : this.#batch(calls);
  }

  #batch(calls: readonly Call[]): readonly Reply[] {
    const sortsRows = calls.some(({ kind }) => kind === 'declare');
    if (!sortsRows) return this.#attempt(calls);
    this.#keepTemporary('FILE');
    const replies = this.#attempt(calls);
    this.#keepTemporary('MEMORY');
    return replies;
  }

  /**
   * The pages that a savepoint keeps stay in memory: beyond 64 KiB SQLite moves them to a file, which cost a third of an insert. What it sorts for a new
   * index grows with the table and belongs in a file. Not within a transaction.
   */
  #keepTemporary(place: 'MEMORY' | 'FILE'): void {
    this.#db.exec(`PRAGMA temp_store = ${place}`);
  }

  #attempt(calls: readonly Call[]): readonly Reply[] {
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

  #besideLoad(call: Call): Reply {
    if (call.kind === 'load') return this.#load(call);
    if (this.#loading === null) return this.#batch([call])[0] ?? { done: true };
    return failed(new SimfleetError('unavailable', 'A dump is being loaded into the store.'));
  }

  #load(call: LoadCall): Reply {
    try {
      if (call.step === 'begin') {
        if (this.#loading !== null) throw new SimfleetError('unavailable', 'Another dump is being loaded.');
        this.#loading = beginLoading(this.#db, this.#statements);
      } else if (call.step === 'abandon') {
        this.#endLoading();
      } else if (this.#loading === null) {
        throw new SimfleetError('internal', 'No dump is being loaded.');
      } else if (call.step === 'items') {
        for (const item of call.items) this.#loading.add(item);
      } else {
        this.#loading.commit();
        for (const [name, sql] of this.#loading.collections) this.#collections.set(name, sql);
        this.#loading = null;
      }
      return { done: true };
    } catch (error) {
      if (call.step !== 'begin') this.#endLoading();
      if (isBroken(error)) this.#broken = error;
      return failed(error);
    }
  }

  #endLoading(): void {
    if (this.#loading !== null && this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.#loading = null;
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
      case 'load':
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
