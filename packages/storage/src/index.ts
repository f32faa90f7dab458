export type * from './collection.ts';
export type * from './log.ts';
export type * from './storage.ts';
