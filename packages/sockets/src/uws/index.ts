export { loadUws } from './load.ts';
export type { Uws } from './module.ts';
export { uwsSocketServers } from './server.ts';
