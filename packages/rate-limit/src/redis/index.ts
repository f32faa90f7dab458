export type { Partition } from './keys.ts';
export { openRedisLimiterStore } from './store.ts';
export type { RedisLimiterOptions, RedisLimiterStore } from './store.ts';
