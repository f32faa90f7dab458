import type { Clock, Logger, Metrics, TlsFiles } from '@simfleet/runtime';

/** Facts of an upgrade request (RFC 6455 §4.1), before anything is accepted. */
export interface UpgradeRequest {
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
  /** Names in lower case; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the peer on the wire: a proxy's where there is one. */
  readonly remoteAddress: string;
  /** Of `Sec-WebSocket-Protocol`, in the client's order. */
  readonly protocols: readonly string[];
}

/** What becomes of an upgrade: a socket that carries `data`, or an HTTP answer (RFC 9457 problem, with its headers). */
export type UpgradeAnswer<Data> =
  | {
      readonly accept: true;
      readonly data: Data;
      readonly protocol?: string;
      /** Called once, instead of `open`, when nothing opens after all: the client has gone by then, it took too long, or the server stops. */
      readonly abandoned?: () => void;
    }
  | {
      readonly accept: false;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** `over-budget`: more bytes wait than the socket's budget; it was closed with `slow-consumer`, and nothing was dropped silently. */
export type Sent = 'sent' | 'over-budget' | 'closed';

/** One open connection. Messages leave in the order of `send` and `publish`. */
export interface Socket<Data> {
  /** Unique in this server. */
  readonly id: string;
  readonly data: Data;
  readonly remoteAddress: string;
  /**
   * Text when given text, binary when given bytes. A message that would make more than `budgetBytes` wait is not taken: the socket is closed instead,
   * so what the client receives has no gap. Where nothing waits, a message of any length is taken.
   */
  send(message: string | Uint8Array): Sent;
  /** Bytes that wait here for the client to read, as far as they are known: those of a `publish` count from the end of the turn of the event loop. */
  readonly waitingBytes: number;
  /** To what is published from now on. Idempotent, as is `unsubscribe`; both do nothing once the socket is closing. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /**
   * Starts the closing handshake; ends the connection after `closeMs` without an answer (uws: within 8 s). Idempotent: the first one counts. What was sent before it
   * arrives before it. Throws `internal` for a code that may not be sent or a reason over 123 bytes.
   */
  close(code: number, reason: string): void;
}

export interface SocketHandlers<Data> {
  /**
   * Decides before the handshake: authentication by header, limits, path. A rejected promise answers 500. What is accepted is opened, or `abandoned`.
   */
  upgrade(request: UpgradeRequest): UpgradeAnswer<Data> | Promise<UpgradeAnswer<Data>>;
  open(socket: Socket<Data>): void;
  /** A handler that throws is logged, and the socket is closed with 1011 `internal`. */
  message(socket: Socket<Data>, message: string | Uint8Array): void;
  /** Nothing waits any more after something did: go on sending. */
  drain(socket: Socket<Data>): void;
  /**
   * Called once for every `open`, whoever ended it, never from within a call of the socket. `code` is of whoever closed first; 1006 when the connection
   * broke, 1005 when the client gave none.
   */
  close(socket: Socket<Data>, code: number, reason: string): void;
}

export interface SocketLimits {
  /** Longest message a client may send, bytes; longer ones close with 1009. Default 64 KiB. */
  readonly messageBytes: number;
  /** Bytes that may wait in front of a slow client; beyond it the socket is closed with 4008 `slow-consumer`. Default 256 KiB. */
  readonly budgetBytes: number;
  /** A ping (RFC 6455 §5.5.2) after this long without traffic from the client, up to 2 s later; default 25 s. */
  readonly pingMs: number;
  /** Without any traffic this long after a ping the connection is ended; default 8 s. */
  readonly pongMs: number;
  /** For the closing handshake; default 2 s. */
  readonly closeMs: number;
  /** For the request of an upgrade to arrive, and again for its decision; default 10 s. */
  readonly handshakeMs: number;
  /** Connections at a time; more are answered 503 with `Retry-After`. Default 100,000. */
  readonly connections: number;
}

export interface SocketServerOptions<Data> {
  readonly handlers: SocketHandlers<Data>;
  readonly limits?: Partial<SocketLimits>;
  /** Plain when left out. */
  readonly tls?: TlsFiles;
  /** By which the files of `tls` are read again; the system's unless given. */
  readonly clock?: Clock;
  /** Gets `simfleet_sockets_…`; for one server of a process. */
  readonly metrics?: Metrics;
  readonly logger?: Logger;
}

/** WebSockets (RFC 6455) on a port of their own. Every driver runs the suite in `contract/`. */
export interface SocketServer {
  /** `ws` or `uws`, for logs and metrics. */
  readonly driver: string;
  /** Listens; port 0 takes a free one. Throws `port-in-use`, `invalid-configuration`. */
  start(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * One message to every subscriber of a topic, framed once; it leaves by the end of this turn of the event loop, together with what else is published
   * to the topic in it. Answers how many subscribers there are; those over budget are closed, as by `send`.
   */
  publish(topic: string, message: string | Uint8Array): number;
  /** Open sockets right now. */
  readonly connections: number;
  /** Takes no more, tells clients to come back (1012 `service-restart`), waits for them until `closeMs`, ends what is left. Idempotent. */
  stop(): Promise<void>;
}

/** How a driver is made; nothing happens before `start`. */
export type CreateSocketServer = <Data>(options: SocketServerOptions<Data>) => SocketServer;
