import { SimfleetError } from '@simfleet/contracts';
import type { ClientConfig, QueryResult } from 'pg';
import { faultOf } from './faults.ts';
import { Pool, send, type Slot } from './pool.ts';

/** SQL with parameters `$1`, `$2`, … A statement with a name is prepared once per connection. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
}

export type Row = Readonly<Record<string, unknown>>;
export type Answer = Pick<QueryResult<Row>, 'rows' | 'rowCount'>;

/** Runs statements in one transaction. Throws as `faultOf` tells. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<Answer>;

/** How long a call may take, in milliseconds. Their sum bounds a call, also of a server that has stopped answering. */
export interface Limits {
  /** For a connection: a new one, or one that others give back. */
  readonly connectMs: number;
  /** For a statement. The server is told to give up a little earlier. */
  readonly statementMs: number;
}

/** The server gives up before the client, so that the answer is its own. */
const earlier = 500;

const closed = (): SimfleetError => new SimfleetError('unavailable', 'The store is closed.');

/**
 * Every call is bounded in time; a connection that failed is dropped and the next call makes a new one, so a server that comes back is used again
 * without anybody's doing. Nothing is ever sent twice: a write whose answer was lost may or may not have happened.
 */
export class Connections {
  readonly #pool: Pool;
  readonly #statementMs: number;
  readonly #names = new Map<string, string>();
  readonly #snapshots = new Set<Slot>();
  #calls = 0;
  #closing: Promise<void> | null = null;
  #idle: () => void = () => undefined;

  /** `most` is the number of connections at most; `settings` is SQL that each of them runs first. */
  constructor(config: ClientConfig, most: number, { connectMs, statementMs }: Limits, settings: string) {
    this.#statementMs = statementMs;
    this.#pool = new Pool({
      config: {
        ...config,
        keepAlive: true,
        fallback_application_name: 'simfleet',
        statement_timeout: Math.max(1, statementMs - earlier),
        idle_in_transaction_session_timeout: 60_000,
      },
      most,
      connectMs,
      settings,
    });
  }

  /** One statement, a transaction of its own. Throws as `faultOf` tells. */
  run(statement: Statement, values: readonly unknown[] = []): Promise<Answer> {
    if (this.#closing !== null) return Promise.reject(closed());
    this.#calls += 1;
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => {
        this.#end();
        reject(faultOf(error));
      };
      const given = (slot: Slot): void =>
        send<Answer>(slot, statement, values, this.#statementMs, (error, answer) => {
          this.#pool.give(slot);
          if (error !== null) return failed(error);
          this.#end();
          resolve(answer);
        });
      this.#pool.take({ given, failed, since: performance.now() });
    });
  }

  /** Names the statement, so that each connection prepares it once. Texts beyond the first 500 stay without: names cost the server memory. */
  prepared(text: string): Statement {
    let name = this.#names.get(text);
    if (name === undefined) {
      if (this.#names.size >= 500) return { text };
      name = `simfleet_${this.#names.size + 1}`;
      this.#names.set(text, name);
    }
    return { text, name };
  }

  /** A transaction whose statements may each take `limitMs`. Rolled back when `work` throws, with what it throws. */
  async transaction<Result>(limitMs: number, work: (run: Run) => Promise<Result>): Promise<Result> {
    this.#begin();
    try {
      const slot = await this.#take();
      try {
        // Whether the server answers at all is seen as soon as anywhere else.
        await begin(runOn(slot, this.#statementMs), '', limitMs);
        const run = runOn(slot, limitMs);
        const result = await work(run);
        await run('COMMIT');
        this.#pool.give(slot);
        return result;
      } catch (error) {
        // A connection whose transaction failed is not worth a second thought: closing it rolls back, and a new one costs little.
        this.#pool.drop(slot);
        throw error;
      }
    } finally {
      this.#end();
    }
  }

  /**
   * One unchanging view of everything, for a reader who takes its time. `first` runs before it is taken, outside its transaction: for a lock that the
   * connection holds until the end. `close` does not wait for it, but cuts it off: then, and when it has ended, `run` throws `unavailable`. Throws as
   * `faultOf` tells.
   */
  async snapshot(limitMs: number, first: string): Promise<{ readonly run: Run; end(): void }> {
    this.#begin();
    try {
      const slot = await this.#take();
      this.#snapshots.add(slot);
      const run = runOn(slot, limitMs);
      try {
        await run(`SET statement_timeout = ${Math.max(1, limitMs - earlier)}`);
        await run(first);
        await begin(run, 'ISOLATION LEVEL REPEATABLE READ, READ ONLY', limitMs);
      } catch (error) {
        this.#cut(slot);
        throw error;
      }
      return {
        run: async (text, values) => {
          if (!this.#snapshots.has(slot)) throw closed();
          return run(text, values);
        },
        end: () => this.#cut(slot),
      };
    } finally {
      this.#end();
    }
  }

  /** Waits for the calls under way, then closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#calls === 0) resolve();
    }).then(() => {
      for (const slot of this.#snapshots) this.#cut(slot);
      return this.#pool.close();
    });
    return this.#closing;
  }

  #take(): Promise<Slot> {
    return new Promise((given, reject) => {
      const failed = (error: unknown): void => reject(faultOf(error));
      this.#pool.take({ given, failed, since: performance.now() });
    });
  }

  #cut(slot: Slot): void {
    if (this.#snapshots.delete(slot)) this.#pool.drop(slot);
  }

  #begin(): void {
    if (this.#closing !== null) throw closed();
    this.#calls += 1;
  }

  #end(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#idle();
  }
}

const runOn =
  (slot: Slot, limitMs: number): Run =>
  (text, values = []) =>
    new Promise((resolve, reject) => {
      send<Answer>(slot, { text }, values, limitMs, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(faultOf(error));
      });
    });

const begin = async (run: Run, mode: string, limitMs: number): Promise<void> => {
  await run(`BEGIN ${mode}`);
  await run(`SET LOCAL statement_timeout = ${Math.max(1, limitMs - earlier)}`);
  await run('SET LOCAL idle_in_transaction_session_timeout = 0');
};
