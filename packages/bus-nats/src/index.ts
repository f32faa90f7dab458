export { openNatsBus } from './bus.ts';
export type { NatsBusOptions } from './options.ts';
