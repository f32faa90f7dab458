import { SimfleetError } from '@simfleet/contracts';
import type { Connection } from './connection.ts';
import type { SocketAccess } from './options.ts';
import type { VerbAnswer } from './verb.ts';

const longestToken = 4096;

/** Gives the connection the principal of the token. Throws `unauthenticated`, and `invalid-request` when it has one already. */
export const connect = async (connection: Connection, body: unknown, access: SocketAccess): Promise<VerbAnswer> => {
  if (connection.principal !== null) throw invalid('/connect', 'the connection has its principal already');
  const principal = await access.authenticate(tokenIn(body));
  if (principal === null) throw new SimfleetError('unauthenticated', 'the token is wrong');
  connection.principal = principal;
  connection.endDeadline?.();
  connection.endDeadline = null;
  return { ok: { principal: principal.id } };
};

const tokenIn = (body: unknown): string => {
  const { token, ...others } = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`/connect/${other}`, 'is not known here');
  if (typeof token === 'string' && token !== '' && token.length <= longestToken) return token;
  throw invalid('/connect/token', `must be text of 1 … ${longestToken} characters`);
};

export const invalid = (pointer: string, detail: string): SimfleetError =>
  new SimfleetError('invalid-request', `${pointer} ${detail}`.trim(), { mistakes: [{ pointer, detail }] });
