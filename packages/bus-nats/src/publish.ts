import type { SimfleetEvent } from '@simfleet/contracts';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/nats-core';
import { eventHeaders, messageId, payloadOf } from './event-message.ts';
import type { Link } from './link/link.ts';
import { isDecided, refusal } from './link/refusals.ts';
import type { Names } from './names.ts';

export interface Stored {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
  /** Within the server's window the same id is stored once. */
  readonly id: string;
}

/** All tries together, in milliseconds; whoever publishes keeps the event and comes back. */
const mostMs = 4500;
const tryMs = 1500;
const pauseMs = 100;

/** Puts one message into a stream; resolves after its acknowledgement. Throws `unavailable` within five seconds, `storage-full`. */
export const store = async (
  link: Link,
  jetstream: JetStreamClient,
  { subject, payload, headers, id }: Stored,
): Promise<void> => {
  const end = performance.now() + mostMs;
  for (;;) {
    link.check();
    const timeout = Math.max(1, Math.min(tryMs, end - performance.now()));
    try {
      await jetstream.publish(subject, payload, { msgID: id, timeout, headers });
      return;
    } catch (error) {
      // No answer is no refusal: the id makes it safe to try again.
      if (isDecided(error) || performance.now() + pauseMs >= end) throw refusal('The event was not stored', error);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
};

export const publisher =
  (link: Link, jetstream: JetStreamClient, names: Names) =>
  async (event: SimfleetEvent): Promise<void> => {
    link.check();
    const payload = payloadOf(event, link.connection.info?.max_payload ?? 2 ** 20);
    const headers = eventHeaders(event);
    await store(link, jetstream, { subject: names.event(event.type), payload, headers, id: messageId(event) });
  };
