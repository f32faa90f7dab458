import { SimfleetError } from '@simfleet/contracts';
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { faultOf } from './faults.ts';

/**
 * Bounds of one call in milliseconds, together about ten seconds: to find a server, to get a connection, to hear of it. The URL may set
 * others by the same names.
 */
const bounds = {
  serverSelectionTimeoutMS: 5000,
  connectTimeoutMS: 5000,
  waitQueueTimeoutMS: 3000,
  socketTimeoutMS: 7000,
};
/** For building indexes, reading whole collections and the like. */
const patience = { ...bounds, socketTimeoutMS: 600_000 };

/** What every write and read asks for, whatever the URL says. */
const guarantees: MongoClientOptions = {
  writeConcern: { w: 'majority', journal: true },
  // From the primary and of nothing that a fail-over could take back: what was acknowledged is read.
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  // A write whose answer is lost may be there or not, which callers tell by reading; tried again, a compare-and-set that had
  // succeeded would be told as a conflict wherever the server has no sessions.
  retryWrites: false,
  retryReads: false,
};

const namesDatabase = /^[^/]*\/\/[^/?]+\/[^?]/;

const clientOf = (url: string, wanted: Readonly<Record<string, number>>): MongoClient => {
  const silent = Object.entries(wanted).filter(([name]) => !new RegExp(`[?&]${name}=`, 'i').test(url));
  try {
    return new MongoClient(url, { appName: 'simfleet', maxPoolSize: 32, ...Object.fromEntries(silent), ...guarantees });
  } catch (error) {
    // Without the cause: it may quote the URL, and so the password.
    const { name } = error instanceof Error ? error : { name: 'Error' };
    throw new SimfleetError(
      'invalid-configuration',
      `The URL of the database is not one that MongoDB knows (${name}).`,
    );
  }
};

const closed = (): SimfleetError => new SimfleetError('unavailable', 'The store is closed.');

/** The clients of one store: what is asked before `close` is answered, what comes after is refused. */
export class Connection {
  readonly #url: string;
  readonly #name: string | undefined;
  readonly #client: MongoClient;
  #patient: MongoClient | null = null;
  #underWay = 0;
  #closing: Promise<void> | null = null;
  #drained: () => void = () => undefined;

  /** Throws `invalid-configuration` when the URL is none. Connects with the first call. */
  constructor(url: string) {
    this.#url = url;
    this.#name = namesDatabase.test(url) ? undefined : 'simfleet';
    this.#client = clientOf(url, bounds);
  }

  /** The database that the URL names; `simfleet` when it names none. */
  get db(): Db {
    return this.#client.db(this.#name);
  }

  /** The same for calls that may take minutes. */
  get patientDb(): Db {
    this.#patient ??= clientOf(this.#url, patience);
    return this.#patient.db(this.#name);
  }

  checkOpen(): void {
    if (this.#closing !== null) throw closed();
  }

  /**
   * Throws `unavailable` when the store is closed or the database does not answer, `storage-full`, and what the call throws of ours. Without a function or a
   * promise of its own for each call: they cost a tenth of an insert.
   */
  run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#closing !== null) return Promise.reject(closed());
    this.#underWay += 1;
    return call().then(this.#answered, this.#failed) as Promise<Answer>;
  }

  readonly #answered = (answer: unknown): unknown => {
    this.#ended();
    return answer;
  };

  readonly #failed = (error: unknown): never => {
    this.#ended();
    throw faultOf(error);
  };

  #ended(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#drained();
  }

  /** Waits for the calls under way. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        if (this.#underWay === 0) resolve();
      });
      await Promise.all([this.#client.close(), this.#patient?.close()]);
    })();
    return this.#closing;
  }
}
