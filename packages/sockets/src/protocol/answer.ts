import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import { callerIn, invalid } from './connect.ts';
import { openPeer } from './connection.ts';
import type { ClientCall } from './read-message.ts';
import { closeWith, refuse, reply } from './reply.ts';
import type { AnswerParts, Client } from './reply.ts';
import type { SocketVerb } from './verb.ts';

/** What limits call a message that asks for nothing that there is: it costs as much as any. */
const noOperation = 'unknownVerb';

/** Answers one message: with `ok`, with a problem, or by closing where nobody has said who they are. Never throws. */
export const answer = async (socket: Client, call: ClientCall, parts: AnswerParts): Promise<void> => {
  const { caller } = socket.data;
  try {
    if (caller !== null) await runVerb(socket, caller.principal, call, parts);
    else if (call.verb === 'connect') await connect(socket, call, parts);
    else closeWith(socket, 'unauthenticated');
  } catch (error) {
    refuse(socket, call, error, parts);
  }
};

const connect = async (socket: Client, call: ClientCall, parts: AnswerParts): Promise<void> => {
  const caller = await callerIn(call.body, parts.access);
  try {
    await socket.data.admitted?.admitCaller(caller);
  } catch (error) {
    refuse(socket, call, error, parts);
    return closeWith(socket, 'try-later');
  }
  parts.known(socket, caller);
  reply(socket, call, { ok: { principal: caller.principal.id } }, parts);
};

const runVerb = async (socket: Client, principal: Principal, call: ClientCall, parts: AnswerParts): Promise<void> => {
  const { access, admission, roomBytes } = parts;
  const { operation } = parts.verbs.get(call.verb ?? '') ?? { operation: noOperation };
  const verdict = await admission?.admitMessage(principal, operation);
  if (verdict?.allowed === false) return refuse(socket, call, verdict.error, parts, verdict.retryAfterMs);
  const verb = verbOf(call, parts.verbs);
  if (!access.permits(principal, verb.action, null))
    throw new SimfleetError('forbidden', `the credentials do not permit ${verb.action}`);
  const peer = (socket.data.peer ??= openPeer(socket, principal, roomBytes));
  const permits = (customer: string): boolean => access.permits(principal, verb.action, customer);
  reply(socket, call, await verb.handle({ peer, body: call.body, permits }), parts);
};

const verbOf = ({ verb }: ClientCall, verbs: ReadonlyMap<string, SocketVerb>): SocketVerb => {
  const names = ['connect', ...verbs.keys()];
  if (verb === 'connect') throw invalid('/connect', 'the connection has its principal already');
  if (verb === null) throw invalid('', `a message holds \`id\` and one of ${names.join(', ')}`);
  const found = verbs.get(verb);
  if (found === undefined) throw invalid(`/${verb}`, `is no verb${didYouMean(verb, names)}`);
  return found;
};
