import { SimfleetError } from '@simfleet/contracts';
import { Pool, type ClientBase, type PoolClient, type PoolConfig, type QueryConfig, type QueryResult } from 'pg';
import { faultOf } from './faults.ts';

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

/**
 * The pool of connections. Every call is bounded in time; a connection that failed is dropped and the next call makes a new one, so a server that comes
 * back is used again without anybody's doing. Nothing is ever sent twice: a write whose answer was lost may or may not have happened.
 */
export class Connections {
  readonly #pool: Pool;
  readonly #names = new Map<string, string>();
  readonly #snapshots = new Set<Session>();
  #calls = 0;
  #closing: Promise<void> | null = null;
  #idle: () => void = () => undefined;

  constructor(config: PoolConfig, limits: Limits, settings: string) {
    this.#pool = new Pool({
      ...config,
      keepAlive: true,
      fallback_application_name: 'simfleet',
      connectionTimeoutMillis: limits.connectMs,
      query_timeout: limits.statementMs,
      statement_timeout: Math.max(1, limits.statementMs - earlier),
      idle_in_transaction_session_timeout: 60_000,
      // The pool waits for the promise, which its types do not tell.
      onConnect: ((client: ClientBase) => client.query(settings)) as unknown as () => void,
    });
    // The pool has dropped the connection already; unheard, the error would end the process.
    this.#pool.on('error', () => undefined);
  }

  /** One statement, a transaction of its own. Throws as `faultOf` tells. */
  async run({ name, text }: Statement, values: readonly unknown[] = []): Promise<Answer> {
    this.#begin();
    try {
      const config = name === undefined ? { text, values } : { name, text, values };
      return await this.#pool.query<Row>(config as QueryConfig);
    } catch (error) {
      throw faultOf(error);
    } finally {
      this.#end();
    }
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
      const session = await this.#connect();
      try {
        await session.begin('', limitMs);
        const result = await work(session.run);
        await session.run('COMMIT');
        session.release(false);
        return result;
      } catch (error) {
        // A connection whose transaction failed is not worth a second thought: closing it rolls back, and a new one costs little.
        session.release(true);
        throw error;
      }
    } finally {
      this.#end();
    }
  }

  /**
   * One unchanging view of everything, for a reader who takes its time. `close` does not wait for it, but cuts it off: then, and when it has ended,
   * `run` throws `unavailable`. Throws as `faultOf` tells.
   */
  async snapshot(limitMs: number): Promise<{ readonly run: Run; end(): void }> {
    this.#begin();
    try {
      const session = await this.#connect();
      this.#snapshots.add(session);
      await session.begin('ISOLATION LEVEL REPEATABLE READ, READ ONLY', limitMs);
      return {
        run: async (text, values) => {
          if (!this.#snapshots.has(session)) throw closed();
          return session.run(text, values);
        },
        end: () => this.#cut(session),
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
      for (const session of this.#snapshots) this.#cut(session);
      return this.#pool.end();
    });
    return this.#closing;
  }

  async #connect(): Promise<Session> {
    try {
      return new Session(await this.#pool.connect());
    } catch (error) {
      throw faultOf(error);
    }
  }

  #cut(session: Session): void {
    if (this.#snapshots.delete(session)) session.release(true);
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

const closed = (): SimfleetError => new SimfleetError('unavailable', 'The store is closed.');

/** A connection taken out of the pool for a transaction. */
class Session {
  readonly #client: PoolClient;
  #limitMs = 0;

  constructor(client: PoolClient) {
    this.#client = client;
    client.on('error', ignore);
  }

  readonly run: Run = async (text, values = []) => {
    try {
      return await this.#client.query<Row>({ text, values: [...values], query_timeout: this.#limitMs } as QueryConfig);
    } catch (error) {
      throw faultOf(error);
    }
  };

  async begin(mode: string, limitMs: number): Promise<void> {
    this.#limitMs = limitMs;
    await this.run(`BEGIN ${mode}`);
    await this.run(`SET LOCAL statement_timeout = ${Math.max(1, limitMs - earlier)}`);
    await this.run('SET LOCAL idle_in_transaction_session_timeout = 0');
  }

  /** Gives it back, or closes it. */
  release(broken: boolean): void {
    if (!broken) this.#client.removeListener('error', ignore);
    this.#client.release(broken);
  }
}

/** What failed is told by the statement under way, or by the next one. */
const ignore = (): void => undefined;
