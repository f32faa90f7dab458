export type { Backoff } from './backoff.ts';
export { openMemoryBus, type MemoryBusOptions } from './bus.ts';
export type { Timers } from './timers.ts';
