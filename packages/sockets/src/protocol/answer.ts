import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import { connect, invalid } from './connect.ts';
import { openPeer } from './connection.ts';
import type { ClientCall } from './read-message.ts';
import { closeWith, refuse, reply } from './reply.ts';
import type { AnswerParts, Client } from './reply.ts';
import type { SocketVerb } from './verb.ts';

/** Answers one message: with `ok`, with a problem, or by closing where nobody has said who they are. Never throws. */
export const answer = async (socket: Client, call: ClientCall, parts: AnswerParts): Promise<void> => {
  const { principal } = socket.data;
  try {
    if (call.verb === 'connect') reply(socket, call, await connect(socket.data, call.body, parts.access), parts);
    else if (principal === null) closeWith(socket, 'unauthenticated');
    else await runVerb(socket, principal, call, parts);
  } catch (error) {
    refuse(socket, call, error, parts);
  }
};

const runVerb = async (socket: Client, principal: Principal, call: ClientCall, parts: AnswerParts): Promise<void> => {
  const { access, admission, roomBytes } = parts;
  const verb = verbOf(call, parts.verbs);
  const verdict = await admission?.admitMessage(principal, verb.operation);
  if (verdict?.allowed === false) return refuse(socket, call, verdict.error, parts, verdict.retryAfterMs);
  if (!access.permits(principal, verb.action, null))
    throw new SimfleetError('forbidden', `the credentials do not permit ${verb.action}`);
  const peer = (socket.data.peer ??= openPeer(socket, principal, roomBytes));
  const permits = (customer: string): boolean => access.permits(principal, verb.action, customer);
  reply(socket, call, await verb.handle({ peer, body: call.body, permits }), parts);
};

const verbOf = ({ verb }: ClientCall, verbs: ReadonlyMap<string, SocketVerb>): SocketVerb => {
  const names = ['connect', ...verbs.keys()];
  if (verb === null) throw invalid('', `a message holds \`id\` and one of ${names.join(', ')}`);
  const found = verbs.get(verb);
  if (found === undefined) throw invalid(`/${verb}`, `is no verb${didYouMean(verb, names)}`);
  return found;
};
