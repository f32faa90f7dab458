export { openNatsBus } from './bus.ts';
export type { NatsBusOptions } from './options.ts';
export type { TraceContext, Tracing } from './tracing.ts';
