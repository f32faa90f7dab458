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
