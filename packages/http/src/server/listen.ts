import type { Server } from 'node:http';
import { SimfleetError } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { OpenRequests } from './open-requests.ts';

/** Resolves once the server listens; throws `port-in-use` or `invalid-configuration`, naming host and port. */
export const listen = async (server: Server, host: string, port: number): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('listening', resolve);
  server.once('error', reject);
  server.listen({ host, port });
  try {
    await promise;
  } catch (error) {
    throw listenError(error, host, port);
  } finally {
    server.off('listening', resolve);
    server.off('error', reject);
  }
};

const listenError = (cause: unknown, host: string, port: number): unknown => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const where = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    const detail = `${where} is taken by another process: choose another port with --port (0 takes a free one), or stop that process`;
    return new SimfleetError('port-in-use', detail, { cause });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const reason = code === 'EACCES' ? 'ports below 1024 need rights' : 'the host is no address of this machine';
    return new SimfleetError('invalid-configuration', `cannot listen on ${where}: ${reason}`, { cause });
  }
  return cause;
};

/**
 * Stops accepting, ends streams, lets requests under way finish for `ms`, then cuts what is left. Resolves when the last connection is
 * closed.
 */
export const drain = async (server: Server, open: OpenRequests, clock: Clock, ms: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  open.endStreams();
  const cancel = clock.after(ms, () => {
    open.endAll();
    server.closeAllConnections();
  });
  await promise;
  cancel();
};
