import { SimfleetError } from '@simfleet/contracts';
import type { SocketHandlers } from '../server.ts';
import { answer } from './answer.ts';
import { endConnection, tellRoom } from './connection.ts';
import type { Connection } from './connection.ts';
import { observeProtocol } from './observe.ts';
import type { Caller, ProtocolOptions } from './options.ts';
import { readMessage } from './read-message.ts';
import type { ClientCall } from './read-message.ts';
import { closeWith, refuse } from './reply.ts';
import type { AnswerParts, Client } from './reply.ts';
import { decideUpgrade } from './upgrade.ts';

const connectMsByDefault = 10_000;
const roomBytesByDefault = 64 * 1024;
/** Messages of one connection, and their letters together, that wait for the one before; more are refused, so that a client that floods holds no memory. */
const mostWaiting = 256;
const mostWaitingLength = 256 * 1024;

/** What a server of sockets does for clients that speak `simfleet.v1`: who they are first, then verbs, each with its reply. */
export const serveProtocol = (options: ProtocolOptions): SocketHandlers<Connection> => {
  const { access, clock, metrics } = options;
  const { connectMs = connectMsByDefault, roomBytes = roomBytesByDefault } = options;
  const observer = observeProtocol(metrics);
  const verbs = new Map(options.verbs.map((verb) => [verb.name, verb]));
  const known = (socket: Client, caller: Caller): void => {
    const { data } = socket;
    data.caller = caller;
    data.endWait?.();
    if (data.isGone) return;
    data.endWait = access.watch(caller, (now) =>
      closeWith(socket, now === null ? 'unauthenticated' : 'access-changed'),
    );
  };
  const parts: AnswerParts = { ...options, verbs, roomBytes, observer, known };
  return {
    upgrade: decideUpgrade(options),
    open(socket) {
      const { caller } = socket.data;
      if (caller !== null) return known(socket, caller);
      socket.data.endWait = clock.after(connectMs, () => closeWith(socket, 'unauthenticated'));
    },
    message(socket, message) {
      if (socket.data.isGone) return;
      const call = readMessage(message);
      if (call === null) return closeWith(socket, 'bad-request');
      enqueue(socket, call, parts);
    },
    drain: (socket) => tellRoom(socket, roomBytes),
    close: (socket) => endConnection(socket.data),
  };
};

/** One after the other, as they came: a `watch` right behind `connect` waits for it. */
const enqueue = (socket: Client, call: ClientCall, parts: AnswerParts): void => {
  const { data } = socket;
  if (data.waiting === null) {
    data.waiting = [call];
    data.waitingLength = call.length;
    void answerAll(socket, parts);
  } else if (data.waiting.length < mostWaiting && data.waitingLength + call.length <= mostWaitingLength) {
    data.waiting.push(call);
    data.waitingLength += call.length;
  } else {
    const detail = 'as many messages of this connection wait as may';
    refuse(socket, call, new SimfleetError('unavailable', detail), parts);
  }
};

const answerAll = async (socket: Client, parts: AnswerParts): Promise<void> => {
  const { data } = socket;
  for (let call = data.waiting?.shift(); call !== undefined && !data.isGone; call = data.waiting?.shift()) {
    data.waitingLength -= call.length;
    await answer(socket, call, parts);
  }
  data.waiting = null;
};
