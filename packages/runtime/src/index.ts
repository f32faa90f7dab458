export type * from './clock.ts';
export type * from './logger.ts';
export type * from './metrics.ts';
export type * from './module.ts';
