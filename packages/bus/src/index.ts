export * from './attempts.ts';
export * from './backoff.ts';
export type * from './bus.ts';
export * from './checked.ts';
export * from './timers.ts';
export * from './tracing.ts';
