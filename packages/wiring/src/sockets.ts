import { SimfleetError } from '@simfleet/contracts';
import type { CreateSocketServer } from '@simfleet/sockets';
import { loadUws, uwsSocketServers } from '@simfleet/sockets/uws';
import { createWsSocketServer } from '@simfleet/sockets/ws';

export type SocketDriver = 'ws' | 'uws' | 'auto';

/**
 * The driver of WebSockets: `auto` takes uWebSockets.js where it is installed for this Node, and `ws` elsewhere, telling why. Throws
 * `invalid-configuration` when `uws` is asked for and cannot be had.
 */
export const chooseSocketServer = async (
  driver: SocketDriver,
  tellWhy: (reason: string) => void = () => undefined,
): Promise<CreateSocketServer> => {
  if (driver === 'ws') return createWsSocketServer;
  const loaded = await loadUws();
  if ('uws' in loaded) return uwsSocketServers(loaded.uws);
  if (driver === 'uws')
    throw new SimfleetError(
      'invalid-configuration',
      `--sockets: uWebSockets.js cannot be had here (${loaded.missing}); choose ws or auto`,
    );
  tellWhy(loaded.missing);
  return createWsSocketServer;
};
