import { SimfleetError } from '@simfleet/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsBusOptions } from '../options.ts';
import { access } from './credentials.ts';
import { refusal } from './refusals.ts';

/** The connection, which comes back by itself. */
export interface Link {
  readonly connection: NatsConnection;
  /** Whether a server is at the other end, as far as we know. A server that stopped answering is noticed after two pings. */
  isUp(): boolean;
  /** Throws `unavailable` while there is none, and for ever once it is closed. */
  check(): void;
  /** Throws `unavailable` once it is closed. */
  checkOpen(): void;
  /** Calls back after each loss that was mended. */
  onReturn(callback: () => void): () => void;
  /** Waits until the server has seen what was sent so far, a second at most. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A stopped server is noticed within three of these, in milliseconds. */
const pingMs = 1500;
const mostPingsOut = 2;
/** Milliseconds between tries to come back, and what is drawn at random on top: many clients must not come back at once. */
const returnMs = 200;
const returnJitterMs = 400;
const connectMs = 3000;
const settleMs = 1000;

const inTime = async (promise: Promise<unknown>, ms: number): Promise<void> => {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Throws `unavailable` when no server answers, `invalid-configuration` for URLs and files that cannot be used. */
export const openLink = async (options: NatsBusOptions, namespace: string): Promise<Link> => {
  const { onTrouble } = options;
  const where = access(options);
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...where,
      name: options.connectionName ?? namespace,
      timeout: connectMs,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: returnMs,
      reconnectJitter: returnJitterMs,
      reconnectJitterTLS: returnJitterMs,
      ignoreAuthErrorAbort: true,
      pingInterval: pingMs,
      maxPingOut: mostPingsOut,
    });
  } catch (error) {
    throw refusal(`No connection to NATS at ${[where.servers ?? []].flat().join(', ')}`, error);
  }

  let up = true;
  let open = true;
  const returned = new Set<() => void>();
  const follow = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') up = false;
      if (status.type === 'reconnect') {
        up = true;
        for (const callback of returned) callback();
      }
      if (status.type === 'error') onTrouble?.('The broker reports an error', status.error);
    }
    up = false;
  };
  void follow();
  const checkOpen = (): void => {
    if (!open) throw new SimfleetError('unavailable', 'The bus is closed.');
  };

  return {
    connection,
    isUp: () => up && open,
    checkOpen,
    check() {
      checkOpen();
      if (!up) throw new SimfleetError('unavailable', 'The bus has lost its broker and is looking for it.');
    },
    onReturn(callback) {
      returned.add(callback);
      return () => void returned.delete(callback);
    },
    settle: () => inTime(connection.flush(), settleMs),
    async close() {
      if (!open) return;
      open = false;
      if (up) await inTime(connection.drain(), settleMs).catch(() => undefined);
      await connection.close();
    },
  };
};
