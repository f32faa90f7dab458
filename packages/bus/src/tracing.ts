import { traceContext, type SimfleetEvent, type TraceContext } from '@simfleet/contracts';

/** How a bus learns what the program works for, and tells it. The runtime's is one. */
export interface Tracing {
  /** Of whoever asks now. */
  current(): TraceContext | undefined;
  within<Result>(context: TraceContext | undefined, run: () => Result): Result;
}

/** Of a program that follows no traces. */
export const noTracing: Tracing = { current: () => undefined, within: (_context, run) => run() };

/** What the event was written for; undefined for one that carries nothing, or nothing well-formed. */
export const traceOfEvent = ({ traceparent, tracestate }: SimfleetEvent): TraceContext | undefined =>
  traceContext(traceparent, tracestate);
