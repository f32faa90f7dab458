import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';
import { errorOf, faultOf } from './faults.ts';
import { Statements } from './statements.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * The main thread's own connection for reading: a lookup costs some microseconds, less than asking another thread alone (bench/storage-reads). In WAL mode it
 * never waits for the writer, and every read sees all commits acknowledged before.
 */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    this.#statements = new Statements(this.#db);
  }

  all(sql: string, ...parameters: readonly SQLInputValue[]): readonly Row[] {
    return this.#guarded(() => this.#statements.get(sql).all(...parameters));
  }

  get(sql: string, ...parameters: readonly SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#statements.get(sql).get(...parameters));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #guarded<Result>(read: () => Result): Result {
    if (!this.#db.isOpen) throw new SimfleetError('unavailable', 'The store is closed.');
    try {
      return read();
    } catch (error) {
      throw errorOf(faultOf(error));
    }
  }
}
