import { createInbox, nanos, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { deliveryOf, type Delivery } from './delivery.ts';

/** Asks the server for messages as there is room for them. */
export interface Pulls {
  /** Asks for what `room` says, unless enough is asked for already. */
  more(): void;
  /** Takes no more; what is on its way still arrives and is told. Resolves when nothing can come any more. */
  end(): Promise<void>;
}

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly durable: string;
  /** Messages that may come now; 0 when none may. Asked before every pull, and whoever has lost its lease says 0. */
  readonly room: () => number;
  readonly onDelivery: (delivery: Delivery) => void;
  /** The consumer is not there (any more). Pulls go on and find it when it is. */
  readonly onGone: () => void;
  readonly isUp: () => boolean;
}

/** A pull of a process that died or was stopped lasts no longer, in milliseconds. */
const pullMs = 1000;
/** What the server says of a pull, as a status of the message. */
const expired = 408;
const noResponders = 503;
/** Messages of one pull. */
const mostOfPull = 512;
const lookMs = 250;

export const startPulls = ({ connection, stream, durable, room, onDelivery, onGone, isUp }: PullOptions): Pulls => {
  const inbox = createInbox();
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
  let asked = 0;
  let lastWord = -Infinity;
  let open = true;

  const take = (error: Error | null, message: Msg): void => {
    if (error !== null) return;
    const delivery = deliveryOf(connection, message);
    lastWord = performance.now();
    if (delivery !== null) {
      asked = Math.max(0, asked - 1);
      onDelivery(delivery);
      more();
      return;
    }
    // A word about a pull that is over. Expired, it tells what is left of it; anything else ends all of them.
    const code = message.headers?.code ?? 0;
    asked = code === expired ? Math.max(0, asked - Number(message.headers?.get('Nats-Pending-Messages') || asked)) : 0;
    if (code === expired) more();
    else if (code === noResponders || /Consumer Deleted/.test(message.headers?.description ?? '')) onGone();
  };
  const subscription = connection.subscribe(inbox, { callback: take });

  const more = (): void => {
    if (!open || !isUp()) return;
    const batch = Math.min(mostOfPull, room() - asked);
    // Not for every message: a pull costs the server as much as several messages.
    if (batch <= 0 || (asked > 0 && batch < mostOfPull / 4)) return;
    asked += batch;
    lastWord = performance.now();
    connection.publish(subject, JSON.stringify({ batch, expires: nanos(pullMs) }), { reply: inbox });
  };

  // A pull that was lost with its connection is never answered; and without responders asking again at once would be a storm.
  const timer = setInterval(() => {
    if (performance.now() - lastWord > 2 * pullMs) asked = 0;
    more();
  }, lookMs);

  return {
    more,
    async end() {
      open = false;
      clearInterval(timer);
      if (subscription.isClosed() || connection.isClosed()) return;
      if (isUp()) await subscription.drain();
      else subscription.unsubscribe();
    },
  };
};
