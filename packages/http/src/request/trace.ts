import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { traceContext, traceParts, type TraceContext } from '@simfleet/contracts';

/**
 * The trace that a request is part of (W3C Trace Context §3.2 and §4): that of its `traceparent`, with a parent id of our own and the caller's
 * decision whether it is sampled; a new one when there is none or it is malformed. A new one is not sampled, as we record no spans.
 */
export const traceOfRequest = ({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext => {
  const received = traceContext(traceparent, tracestate);
  const parentId = randomId(8);
  if (received === undefined) return { traceparent: `00-${randomId(16)}-${parentId}-00` };
  const { traceId, isSampled } = traceParts(received);
  return { ...received, traceparent: `00-${traceId}-${parentId}-${isSampled ? '01' : '00'}` };
};

/** Never zeros alone, which are no id: that is as likely as two ids being the same. */
const randomId = (bytes: number): string => randomBytes(bytes).toString('hex');
