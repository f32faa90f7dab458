import type { Principal } from '@simfleet/contracts';
import type { Socket } from '../server.ts';
import type { AdmittedSocket, Caller } from './options.ts';
import type { ClientCall } from './read-message.ts';
import type { Peer } from './verb.ts';

/** What is known of one connection. Small: there may be a hundred thousand that say nothing. */
export interface Connection {
  caller: Caller | null;
  /** What limits hold for it; null without limits, and once it is over. */
  admitted: AdmittedSocket | null;
  peer: Peer | null;
  isGone: boolean;
  /** Messages that wait for the one before them; null while none is handled. */
  waiting: ClientCall[] | null;
  waitingLength: number;
  /** Ends the wait for a token; once there is one, the watch over it. */
  endWait: (() => void) | null;
  goneListeners: Set<() => void> | null;
  /** Who waits for room. */
  roomListeners: Set<() => void> | null;
}

export const openConnection = (caller: Caller | null, admitted: AdmittedSocket | null): Connection => ({
  caller,
  admitted,
  peer: null,
  isGone: false,
  waiting: null,
  waitingLength: 0,
  endWait: null,
  goneListeners: null,
  roomListeners: null,
});

/** The connection is over: tells whom it concerns. Idempotent. */
export const endConnection = (connection: Connection): void => {
  if (connection.isGone) return;
  connection.isGone = true;
  connection.endWait?.();
  connection.endWait = null;
  connection.admitted?.end();
  connection.admitted = null;
  const listeners = [...(connection.goneListeners ?? []), ...(connection.roomListeners ?? [])];
  connection.goneListeners = null;
  connection.roomListeners = null;
  for (const listener of listeners) listener();
};

/** The client has read: those who waited for room go on if there is enough. */
export const tellRoom = ({ data, waitingBytes }: Socket<Connection>, roomBytes: number): void => {
  if (data.roomListeners === null || waitingBytes > roomBytes) return;
  const listeners = data.roomListeners;
  data.roomListeners = null;
  for (const listener of listeners) listener();
};

export const openPeer = (socket: Socket<Connection>, principal: Principal, roomBytes: number): Peer => {
  const connection = socket.data;
  return {
    id: socket.id,
    principal,
    get isGone() {
      return connection.isGone;
    },
    send: (message) => (connection.isGone ? 'closed' : socket.send(message)),
    async room() {
      while (!connection.isGone && socket.waitingBytes > roomBytes)
        await new Promise<void>((resolve) => (connection.roomListeners ??= new Set()).add(resolve));
    },
    subscribe(topic) {
      if (!connection.isGone) socket.subscribe(topic);
    },
    unsubscribe(topic) {
      if (!connection.isGone) socket.unsubscribe(topic);
    },
    onGone(listener) {
      if (connection.isGone) listener();
      else (connection.goneListeners ??= new Set()).add(listener);
      return () => void connection.goneListeners?.delete(listener);
    },
  };
};
