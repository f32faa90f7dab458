import { Client, type ClientConfig } from 'pg';
import { isHealthyAfter } from './faults.ts';

/** Between two looks at what takes too long, in milliseconds: how much later than its limit a call may be ended. */
const lookMs = 250;
/** How long an unused connection is kept. */
const idleMs = 10_000;
/** How long a server may take to hear that a connection ends; one that has stopped would keep whoever closes waiting for ever. */
const goodbyeMs = 1_000;

/** A connection. `limitMs` bounds the statement under way. */
export interface Slot {
  readonly client: Client;
  limitMs: number;
  /** Start of the statement under way; 0 between two. By `performance.now`. */
  busySince: number;
  idleSince: number;
  /** The server has closed it, or it failed. */
  dead: boolean;
}

/** Someone who waits for a connection. */
export interface Taker {
  given(slot: Slot): void;
  failed(error: unknown): void;
  /** By `performance.now`. */
  readonly since: number;
}

export interface PoolOptions {
  readonly config: ClientConfig;
  /** Connections at most. */
  readonly most: number;
  /** How long a taker waits for a connection. */
  readonly connectMs: number;
  /** SQL that each new connection runs first. */
  readonly settings: string;
}

/**
 * Connections for many callers. The driver's own pool and time limits set two timers and several listeners a call, which is a fifth of what a
 * statement costs; here one look at all connections four times a second finds what takes too long.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  #takers: Taker[] = [];
  #connecting = 0;
  #looking: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Gives the taker a connection, at once or when there is one, or fails it within `connectMs`. */
  take(taker: Taker): void {
    this.#looking ??= setInterval(() => this.#look(), lookMs).unref();
    const slot = this.#idle.pop();
    if (slot !== undefined) return taker.given(slot);
    this.#takers.push(taker);
    if (this.#slots.size + this.#connecting < this.#options.most) void this.#connect();
  }

  /** Takes a connection back. A dead one is dropped. */
  give(slot: Slot): void {
    slot.busySince = 0;
    if (slot.dead || this.#closed) return this.drop(slot);
    const taker = this.#takers.shift();
    if (taker !== undefined) return taker.given(slot);
    slot.idleSince = performance.now();
    this.#idle.push(slot);
  }

  /** Closes a connection that was taken; the server rolls back what was under way. */
  drop(slot: Slot): void {
    this.#forget(slot);
    void end(slot.client);
    // Those who wait may have counted on it.
    if (this.#takers.length > this.#connecting) void this.#connect();
  }

  /** Closes the unused connections; taken ones are dropped by those who have them. Takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#looking !== null) clearInterval(this.#looking);
    const closing = this.#idle.splice(0).map(async (slot) => {
      this.#forget(slot);
      await end(slot.client);
    });
    await Promise.all(closing);
  }

  async #connect(): Promise<void> {
    this.#connecting += 1;
    let slot: Slot | null = null;
    try {
      slot = await this.#open();
      this.#slots.add(slot);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#connecting -= 1;
    }
    if (slot !== null) this.give(slot);
  }

  async #open(): Promise<Slot> {
    const { config, connectMs, settings } = this.#options;
    // Throws when a file that the URL names, such as that of `sslrootcert`, cannot be read any more.
    const client = new Client({ ...config, connectionTimeoutMillis: connectMs });
    const slot: Slot = { client, limitMs: 0, busySince: 0, idleSince: 0, dead: false };
    // Unheard, the error of an idle connection would end the process.
    client.on('error', () => this.#lost(slot));
    client.on('end', () => this.#lost(slot));
    // The settings are bounded too: a server may take connections and then stop.
    const giveUp = setTimeout(() => cut(client), connectMs);
    try {
      await client.connect();
      await client.query(settings);
      // A server that shuts down may have said so together with its answer.
      if (slot.dead) throw new Error('the server closed the connection at once');
      return slot;
    } catch (error) {
      slot.dead = true;
      void end(client);
      throw error;
    } finally {
      clearTimeout(giveUp);
    }
  }

  /** Those who wait are told when there is no connection, nor another one on its way, that could still serve them. */
  #fail(error: unknown): void {
    if (this.#slots.size > 0 || this.#connecting > 1) return;
    for (const taker of this.#takers.splice(0)) taker.failed(error);
  }

  #lost(slot: Slot): void {
    slot.dead = true;
    const at = this.#idle.indexOf(slot);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#forget(slot);
    void end(slot.client);
  }

  #forget(slot: Slot): void {
    this.#slots.delete(slot);
  }

  #look(): void {
    const now = performance.now();
    // Ending a connection with a statement under way fails that statement.
    for (const slot of this.#slots) if (slot.busySince > 0 && now - slot.busySince > slot.limitMs) cut(slot.client);
    for (const slot of this.#idle.filter(({ idleSince }) => now - idleSince > idleMs)) this.#lost(slot);
    const late = this.#takers.findIndex(({ since }) => now - since <= this.#options.connectMs);
    const failed = this.#takers.splice(0, late < 0 ? this.#takers.length : late);
    for (const taker of failed) taker.failed(new Error('no connection became free in time'));
    if (this.#slots.size > 0 || this.#takers.length > 0 || this.#connecting > 0 || this.#looking === null) return;
    clearInterval(this.#looking);
    this.#looking = null;
  }
}

/** Fails what is under way on the connection. */
const cut = (client: Client): void => void client.connection.stream.destroy();

/** Says goodbye and waits until the server has heard it, `goodbyeMs` at most. */
const end = async (client: Client): Promise<void> => {
  const cutting = setTimeout(() => cut(client), goodbyeMs);
  await client.end().catch(() => undefined);
  clearTimeout(cutting);
};

/** Runs one statement on a taken connection. The connection is dead afterwards when it failed in any way but a plain refusal of the statement. */
export const send = <Result>(
  slot: Slot,
  statement: { readonly text: string; readonly name?: string },
  values: readonly unknown[],
  limitMs: number,
  done: (error: Error | null, result: Result) => void,
): void => {
  slot.limitMs = limitMs;
  slot.busySince = performance.now();
  slot.client.query({ ...statement, values: values as unknown[] }, (error: Error | null, result: unknown) => {
    slot.busySince = 0;
    if (error !== null && !isHealthyAfter(error)) slot.dead = true;
    done(error, result as Result);
  });
};
