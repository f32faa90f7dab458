import { SimfleetError } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import { checkDeclaration, CommitListeners } from '@simfleet/storage/documents';
import { Client } from 'pg';
import { PostgresCollection } from './collection.ts';
import { Connections, type Limits } from './connections.ts';
import { declareCollection } from './declare.ts';
import { dumpStore } from './dump.ts';
import { faultAtStart } from './faults.ts';
import { loadStore } from './load.ts';
import { PostgresLog } from './log.ts';
import { migrate } from './migrate.ts';
import { PostgresOutbox } from './outbox.ts';

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database?sslmode=…`, with the parameters and meanings of libpq; what is left out comes from the
   * variables of libpq (`PGHOST`, …).
   */
  readonly url: string;
  /** Connections at most, 1 … 1000. Default 10. */
  readonly connections?: number;
  /** Default: 4 s for a connection, 6 s for a statement. */
  readonly limits?: Limits;
  /** `off` acknowledges before the disk has it, for measurements alone. By default what the server says, but `off` is raised to `on`. */
  readonly synchronousCommit?: 'off';
}

const defaultLimits: Limits = { connectMs: 4_000, statementMs: 6_000 };

/** libpq's meanings of `sslmode`; without this the driver takes `require` for `verify-full`, and warns. */
const asLibpq = (url: string): string => {
  const [address = '', query] = url.split(/\?(.*)/s);
  if (query === undefined || !/(^|&)sslmode=/.test(query) || query.includes('uselibpqcompat=')) return url;
  return `${address}?uselibpqcompat=true&${query}`;
};

const settingsOf = ({ synchronousCommit }: PostgresOptions): string => `
  SET default_transaction_isolation = 'read committed';
  SET standard_conforming_strings = on;
  SET extra_float_digits = 1;
  SET jit = off;
  ${
    synchronousCommit === 'off'
      ? 'SET synchronous_commit = off;'
      : `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';`
  }`;

/** Without the driver's error, which may quote the URL, password and all. */
const whyUnreadable = (error: unknown): string => {
  const { syscall, path, message } = error as NodeJS.ErrnoException;
  if (message.includes('sslmode=verify-ca requires'))
    return 'sslmode=verify-ca of the PostgreSQL store needs sslrootcert.';
  if (syscall === 'open') return `The file ${String(path)} that the URL of the PostgreSQL store names cannot be read.`;
  return 'The URL of the PostgreSQL store cannot be read.';
};

const openConnections = (options: PostgresOptions): Connections => {
  const { url, connections = 10, limits = defaultLimits } = options;
  // Of anything else the driver would make a host of its own.
  if (!/^postgres(ql)?:\/\//i.test(url))
    throw new SimfleetError('invalid-configuration', 'The PostgreSQL store needs a URL like postgres://host/database.');
  try {
    const config = { connectionString: asLibpq(url) };
    // Reads the URL, as each connection will: a mistake is told now.
    void new Client(config);
    return new Connections(config, connections, limits, settingsOf(options));
  } catch (error) {
    throw new SimfleetError('invalid-configuration', whyUnreadable(error));
  }
};

/** What the server is and how durable its commits are. Throws `invalid-configuration` for a database that cannot hold the store. */
const describe = async (connections: Connections): Promise<string> => {
  const { rows } = await connections.run({
    text: `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
                  current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commit,
                  current_setting('fsync') AS fsync`,
  });
  const { version, number, encoding, commit, fsync } = rows[0] ?? {};
  if (Number(number) < 140_000) {
    throw new SimfleetError(
      'invalid-configuration',
      `PostgreSQL is version ${String(version)}; the store needs 14 or later.`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new SimfleetError(
      'invalid-configuration',
      `The PostgreSQL database is encoded in ${String(encoding)}; the store needs UTF8.`,
    );
  }
  const synced = fsync === 'on' ? '' : ', fsync=off: not durable';
  return `postgresql ${String(version).split(' ')[0] ?? ''} (synchronous_commit=${String(commit)}${synced})`;
};

/**
 * Opens a store in a PostgreSQL database, in the schema `simfleet`, and migrates it. Any number of processes may share it. Throws
 * `invalid-configuration` for a URL, user, database or right that is refused and for a schema newer than this code, `unavailable` when the
 * server does not answer.
 */
export const openPostgresStorage = async (options: PostgresOptions): Promise<Storage> => {
  const connections = openConnections(options);
  let description: string;
  try {
    description = await describe(connections);
    await migrate(connections);
  } catch (error) {
    await connections.close();
    throw faultAtStart(error);
  }
  const listeners = new CommitListeners();
  return {
    description,
    shared: true,
    log: new PostgresLog(connections),
    outbox: new PostgresOutbox(connections, listeners),
    async collection(declaration) {
      checkDeclaration(declaration);
      try {
        await declareCollection(connections, declaration);
      } catch (error) {
        throw faultAtStart(error);
      }
      return new PostgresCollection(declaration, connections, listeners);
    },
    dump: () => dumpStore(connections),
    load: (records) => loadStore(connections, records),
    async check() {
      // Writes nothing, and is refused where nothing can be written.
      await connections.run({ text: 'DELETE FROM simfleet.schema_version WHERE false' });
    },
    close: () => connections.close(),
  };
};
