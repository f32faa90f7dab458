import { socketCloses } from '@simfleet/contracts';
import type { SocketClose } from '@simfleet/contracts';
import type { Socket } from '../server.ts';
import type { Connection } from './connection.ts';
import type { ProtocolObserver } from './observe.ts';
import type { Caller, ProtocolOptions } from './options.ts';
import type { ClientCall } from './read-message.ts';
import type { SocketVerb, VerbAnswer } from './verb.ts';

export type Client = Socket<Connection>;

export interface AnswerParts extends Pick<ProtocolOptions, 'access' | 'admission' | 'describeProblem' | 'logger'> {
  readonly verbs: ReadonlyMap<string, SocketVerb>;
  readonly roomBytes: number;
  readonly observer: ProtocolObserver;
  /** Told of a client that has said who it is. */
  readonly known: (socket: Client, caller: Caller) => void;
}

export const closeWith = (socket: Pick<Client, 'close'>, why: SocketClose): void =>
  socket.close(socketCloses[why].code, why);

export const reply = (socket: Client, call: ClientCall, { ok, after }: VerbAnswer, parts: AnswerParts): void => {
  parts.observer.answered(nameOf(call, parts), 'ok');
  if (socket.data.isGone || socket.send(JSON.stringify({ id: call.id, ok })) !== 'sent') return;
  after?.();
};

/** Tells the client why not, and logs what is our fault. `retryAfterMs`: of a limit. */
export const refuse = (
  socket: Client,
  call: ClientCall,
  error: unknown,
  parts: AnswerParts,
  retryAfterMs: number | null = null,
): void => {
  const verb = nameOf(call, parts);
  const { problem, headers, fault } = parts.describeProblem(error, `${socket.id}/${call.id}`);
  parts.observer.answered(verb, problem.code);
  if (fault) parts.logger.error({ socket: socket.id, verb, err: error }, 'a message of a socket failed');
  if (socket.data.isGone) return;
  const later = retryAfterMs ?? Number(headers['retry-after'] ?? Number.NaN) * 1000;
  const hint = Number.isNaN(later) ? {} : { retryAfterMs: Math.ceil(later) };
  socket.send(JSON.stringify({ id: call.id, error: problem, ...hint }));
  if (problem.code === 'unauthenticated') closeWith(socket, 'unauthenticated');
};

/** For metrics: what clients make up is one name. */
const nameOf = ({ verb }: ClientCall, { verbs }: AnswerParts): string =>
  verb !== null && (verb === 'connect' || verbs.has(verb)) ? verb : 'unknown';
