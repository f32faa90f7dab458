import { SimfleetError } from '@simfleet/contracts';
import type { CreateSocketServer } from '@simfleet/sockets';
import { createWsSocketServer } from '@simfleet/sockets/ws';

export type SocketDriver = 'ws' | 'uws' | 'auto';

/**
 * The driver of WebSockets: `auto` takes uWebSockets.js where it is installed, and `ws` elsewhere. Throws `invalid-configuration` when `uws` is asked for and is not
 * there.
 */
export const chooseSocketServer = async (driver: SocketDriver): Promise<CreateSocketServer> => {
  if (driver !== 'uws') return createWsSocketServer;
  throw new SimfleetError(
    'invalid-configuration',
    '--sockets: uWebSockets.js is not installed here; choose ws or auto',
  );
};
