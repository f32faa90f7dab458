export { openMemoryLimiterStore } from './store.ts';
export type { MemoryLimiterOptions, MemoryLimiterStore } from './store.ts';
