import { SimfleetError } from '@simfleet/contracts';
import type { Caller, SocketAccess } from './options.ts';

const longestToken = 4096;

/** Who has the token. Throws `unauthenticated`, and `invalid-request` for what holds none. */
export const callerIn = async (body: unknown, access: Pick<SocketAccess, 'authenticate'>): Promise<Caller> => {
  const token = tokenIn(body);
  const principal = await access.authenticate(token);
  if (principal === null) throw new SimfleetError('unauthenticated', 'the token is wrong');
  return { principal, token };
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
