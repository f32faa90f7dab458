import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from '@simfleet/contracts';

/** For whom the process is at work right now, followed through promises and timers: what a request sets going later is done for it too. */
export interface Tracing {
  /** Undefined in background work. */
  current(): TraceContext | undefined;
  /** Runs something for this context; undefined: for nobody. */
  within<Result>(context: TraceContext | undefined, run: () => Result): Result;
}

export const createTracing = (): Tracing => {
  const contexts = new AsyncLocalStorage<TraceContext | undefined>();
  return {
    current: () => contexts.getStore(),
    within: (context, run) => contexts.run(context, run),
  };
};
