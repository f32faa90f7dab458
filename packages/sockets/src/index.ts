export { closeCodes } from './close-codes.ts';
export type { CloseVerdict } from './close-codes.ts';
export { defaultLimits } from './limits.ts';
export type {
  AdmittedSocket,
  DescribeProblem,
  ProtocolOptions,
  Refusal,
  SocketAccess,
  SocketAdmission,
} from './protocol/options.ts';
export { serveProtocol } from './protocol/serve.ts';
export type { Peer, Publish, SocketVerb, VerbAnswer, VerbCall } from './protocol/verb.ts';
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
