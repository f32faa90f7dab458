/** W3C Trace Context, https://www.w3.org/TR/trace-context/ §3: the two headers as they are on the wire. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** How the program knows what it is working for. The bus carries contexts; it makes none. */
export interface Tracing {
  /** Of whoever publishes or asks now; undefined when there is none, and then no header is sent. */
  current(): TraceContext | undefined;
  /** Runs a handler for what came with this context. */
  within<Result>(context: TraceContext, run: () => Result): Result;
}

const valid = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** §3.3.1.5 asks for at least 512 characters to be passed on. */
const longestState = 512;

/** The context that two header values make; undefined unless the first is well-formed. A malformed state is dropped (§3.3). */
export const traceContext = (
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined => {
  if (traceparent === undefined || !valid.test(traceparent)) return undefined;
  const state = tracestate !== undefined && /^[\x20-\x7e]+$/.test(tracestate) && tracestate.length <= longestState;
  return state ? { traceparent, tracestate } : { traceparent };
};
