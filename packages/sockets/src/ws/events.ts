import type { Logger } from '@simfleet/runtime';
import type { RawData, WebSocket } from 'ws';
import { closeCodes } from '../close-codes.ts';
import type { SocketHandlers } from '../server.ts';
import type { Connection } from './connection.ts';
import type { Surroundings } from './surroundings.ts';

interface Parts<Data> extends Omit<Surroundings<Data>, 'drained'> {
  readonly handlers: SocketHandlers<Data>;
  readonly logger: Logger | undefined;
  readonly gone: (connection: Connection<Data>) => void;
}

/** Codes that `ws` closes with for what it has found wrong, by the code of its error; 1002 for all others. */
const violations: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
};

const of = Symbol('connection');
type Attached<Data> = WebSocket & { [of]: Connection<Data> };

/** Carries the events of `ws` to the handlers, by one set of functions for all connections. */
export const listenTo = <Data>(
  parts: Parts<Data>,
): {
  readonly surroundings: Surroundings<Data>;
  readonly attach: (ws: WebSocket, connection: Connection<Data>) => void;
} => {
  const { handlers, counts, logger } = parts;

  const guarded = (connection: Connection<Data>, run: () => void): void => {
    try {
      run();
    } catch (error) {
      logger?.error({ err: error, socket: connection.id }, 'a handler of sockets has failed');
      connection.close(closeCodes.internal.code, closeCodes.internal.reason);
    }
  };

  function onMessage(this: WebSocket, raw: RawData, isBinary: boolean): void {
    const connection = (this as Attached<Data>)[of];
    // With `binaryType` left alone it is always one Buffer.
    const bytes = raw as Buffer;
    counts.messagesReceived += 1;
    counts.bytesReceived += bytes.length;
    if (connection.isClosing) return;
    guarded(connection, () => handlers.message(connection, isBinary ? bytes : bytes.toString()));
  }

  function onPing(this: WebSocket, payload: Buffer): void {
    (this as Attached<Data>)[of].pong(payload);
  }

  function onError(this: WebSocket, error: Error & { readonly code?: string }): void {
    (this as Attached<Data>)[of].violated(violations[error.code ?? ''] ?? 1002);
  }

  function onClose(this: WebSocket, code: number, reason: Buffer): void {
    const connection = (this as Attached<Data>)[of];
    const { verdict, byServer } = connection.ended(code, reason.toString());
    parts.gone(connection);
    counts.closed(verdict.code, byServer);
    guarded(connection, () => handlers.close(connection, verdict.code, verdict.reason));
  }

  return {
    surroundings: {
      ...parts,
      drained: (socket) => guarded(socket as Connection<Data>, () => handlers.drain(socket)),
    },
    attach(ws, connection) {
      (ws as Attached<Data>)[of] = connection;
      ws.on('message', onMessage);
      ws.on('ping', onPing);
      ws.on('error', onError);
      ws.on('close', onClose);
      guarded(connection, () => handlers.open(connection));
    },
  };
};
