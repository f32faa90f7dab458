/** W3C Trace Context (https://www.w3.org/TR/trace-context/ §3): the two headers as they are on the wire. */
export interface TraceContext {
  /** `00-<trace id>-<parent id>-<flags>`, in lower-case hexadecimal. */
  readonly traceparent: string;
  /** What tracing systems of the way so far tell each other; passed on as it came. */
  readonly tracestate?: string;
}

/** §3.2.2: zeros alone are no id, `ff` is no version; a later version may have more behind another dash. */
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const version00Length = 55;

/** §3.3.1.3: a list of `key=value`. */
const stateMember = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const mostStateMembers = 32;
/** §3.3.1.5 asks for at least 512 characters to be passed on. */
const longestState = 512;

const isState = (text: string): boolean => {
  if (text.length > longestState) return false;
  const members = text.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  return members.length <= mostStateMembers && members.every((member) => member === '' || stateMember.test(member));
};

/**
 * The context that two values make. Undefined unless `traceparent` is well-formed: whoever sends a bad one gets no error, its trace just ends.
 * A malformed `tracestate`, or one over 512 characters, is left out.
 */
export const traceContext = (traceparent: unknown, tracestate?: unknown): TraceContext | undefined => {
  if (typeof traceparent !== 'string') return undefined;
  const match = form.exec(traceparent);
  if (match === null || (match[1] === '00' && traceparent.length !== version00Length)) return undefined;
  const isPassedOn = typeof tracestate === 'string' && tracestate !== '' && isState(tracestate);
  return isPassedOn ? { traceparent, tracestate } : { traceparent };
};

/** The parts of a well-formed `traceparent`. */
export const traceParts = ({
  traceparent,
}: TraceContext): { readonly traceId: string; readonly parentId: string; readonly isSampled: boolean } => ({
  traceId: traceparent.slice(3, 35),
  parentId: traceparent.slice(36, 52),
  isSampled: (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1,
});
