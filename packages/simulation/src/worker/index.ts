export { openHttpTransport } from './http-transport.ts';
export type { ReportTransport, TransportAnswer } from './http-transport.ts';
export type { ShardOutcome } from './outcome.ts';
export { retryDelay } from './retry-delay.ts';
export { runShard } from './run-shard.ts';
export type { ShardAssignment, ShardSurroundings } from './run-shard.ts';
