export type * from './collection.ts';
export type * from './dump.ts';
export type * from './log.ts';
export { startRelay, type Relay, type RelayClock, type RelayLogger, type RelayOptions } from './outbox/relay.ts';
export type * from './storage.ts';
