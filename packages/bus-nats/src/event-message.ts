import { traceOfEvent } from '@simfleet/bus';
import { SimfleetError, traceContext, type SimfleetEvent, type TraceContext } from '@simfleet/contracts';
import { headers, type MsgHdrs } from '@nats-io/nats-core';

/**
 * Structured mode of the NATS binding of CloudEvents 1.0 (nats-protocol-binding.md §3.2): the whole event is the payload, so that its bytes are
 * the same here, in the outbox and in a dead letter.
 */
const contentType = 'application/cloudevents+json; charset=UTF-8';
/** Left for headers and for what a dead letter adds, in bytes. */
const roomForHeaders = 16_384;

/** The same event published twice has the same id, and a server stores it once while it remembers. Only what a header may hold. */
export const messageId = ({ source, sourceversion, type, id }: SimfleetEvent): string =>
  encodeURI(`${source}#${sourceversion}#${type}#${id}`);

/** Throws `body-too-large` for an event that the server would not take. */
export const payloadOf = (event: SimfleetEvent, maxPayload: number): Uint8Array => {
  const payload = new TextEncoder().encode(JSON.stringify(event));
  const room = maxPayload - roomForHeaders;
  if (payload.length <= room) return payload;
  throw new SimfleetError(
    'body-too-large',
    `The event ${event.id} of ${event.source} has ${payload.length} bytes; the broker takes ${room}. Raise its max_payload and reload it.`,
  );
};

export const traceHeaders = (context: TraceContext | undefined, onto: MsgHdrs = headers()): MsgHdrs => {
  if (context === undefined) return onto;
  onto.set('traceparent', context.traceparent);
  if (context.tracestate !== undefined) onto.set('tracestate', context.tracestate);
  return onto;
};

export const traceOf = (from: MsgHdrs | undefined): TraceContext | undefined =>
  traceContext(from?.get('traceparent') || undefined, from?.get('tracestate') || undefined);

/** The context is that of the event. Whoever publishes is the relay, which works for many. */
export const eventHeaders = (event: SimfleetEvent): MsgHdrs => {
  const onto = traceHeaders(traceOfEvent(event));
  onto.set('Content-Type', contentType);
  return onto;
};
