import { SimfleetError, errorCode, socketPath, socketProtocol } from '@simfleet/contracts';
import type { UpgradeAnswer, UpgradeRequest } from '../server.ts';
import { endConnection, openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import type { AdmittedSocket, Caller, ProtocolOptions } from './options.ts';

type UpgradeOptions = Pick<ProtocolOptions, 'access' | 'admission' | 'describeProblem' | 'logger'>;

/**
 * Whether a handshake is answered with a connection. Credentials are in `Authorization` or come later by `connect`, never in the URL: a query is refused, so that nobody
 * believes that a token in it was of use. Origins are not looked at: a browser adds no credentials of its own here, so a page of another site can do nothing
 * but what it has a token for.
 */
export const decideUpgrade =
  (options: UpgradeOptions) =>
  async (request: UpgradeRequest): Promise<UpgradeAnswer<Connection>> => {
    let admitted: AdmittedSocket | null = null;
    try {
      const verdict = (await options.admission?.admitUpgrade(request)) ?? null;
      if (verdict !== null && 'status' in verdict) return { accept: false, ...verdict };
      admitted = verdict;
      checkRequest(request);
      const caller = await callerOf(options, request);
      if (caller !== null) await admitted?.admitCaller(caller);
      const data = openConnection(caller, admitted);
      return { accept: true, data, protocol: socketProtocol, abandoned: () => endConnection(data) };
    } catch (error) {
      admitted?.end();
      const { problem, headers, fault } = options.describeProblem(error, request.headers['x-request-id'] ?? 'upgrade');
      if (fault) options.logger.error({ err: error }, 'a handshake failed');
      return { accept: false, status: problem.status, headers, body: JSON.stringify(problem) };
    }
  };

const checkRequest = ({ path, query, protocols }: UpgradeRequest): void => {
  if (path !== socketPath) throw new SimfleetError('not-found', `sockets are at ${socketPath}`);
  if (query !== '') throw new SimfleetError('invalid-request', 'the URL takes no query; send the token by `connect`');
  if (protocols.includes(socketProtocol)) return;
  throw new SimfleetError('invalid-request', `ask for the subprotocol ${socketProtocol}`, {
    mistakes: [{ pointer: '#header/Sec-WebSocket-Protocol', detail: `must name ${socketProtocol}` }],
  });
};

const callerOf = async ({ access }: UpgradeOptions, { headers }: UpgradeRequest): Promise<Caller | null> => {
  const { authorization } = headers;
  if (authorization === undefined) return null;
  const token = access.tokenOf(authorization);
  const principal = await access.authenticate(token).catch((error: unknown) => {
    throw errorCode(error) === undefined
      ? error
      : new SimfleetError('unavailable', 'tokens cannot be checked right now', { cause: error });
  });
  if (principal === null || token === null) throw new SimfleetError('unauthenticated', 'the token is wrong');
  return { principal, token };
};
