export { closeCodes } from './close-codes.ts';
export type { CloseVerdict } from './close-codes.ts';
export { defaultLimits } from './limits.ts';
export type {
  CreateSocketServer,
  Sent,
  Socket,
  SocketHandlers,
  SocketLimits,
  SocketServer,
  SocketServerOptions,
  UpgradeAnswer,
  UpgradeRequest,
} from './server.ts';
export type { TlsFiles } from './tls.ts';
