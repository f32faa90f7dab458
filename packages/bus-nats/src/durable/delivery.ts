import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';

/** One handing out of a message by a durable consumer. */
export interface Delivery {
  /** Names the message for ever, also across a stream that was made anew and counts from 1 again. */
  readonly key: string;
  /** Of the message in its stream: the same each time it is handed out. */
  readonly sequence: number;
  /** Of this handing out: 1, 2, 3, … whoever gets them. */
  readonly turn: number;
  /** How often it was handed out, this time included. */
  readonly count: number;
  /** When the broker stored it, by its clock; milliseconds since 1970. */
  readonly storedAt: number;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** Handled: never again. */
  ack(): void;
  /** Somebody else's, at once. */
  giveBack(): void;
  /** Still at it: hand it to nobody else for now. */
  keep(): void;
}

/** Milliseconds after which the server hands out again what it heard nothing of. */
export const redeliverMs = 2000;

/** `$JS.ACK[.domain.account].stream.consumer.count.sequence.turn.time.pending[.random]`, see ackReplyInfo in nats-server. */
const parse = (reply: string): Pick<Delivery, 'key' | 'count' | 'sequence' | 'turn' | 'storedAt'> | null => {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return null;
  const first = tokens.length === 9 ? 4 : 6;
  const [count = NaN, sequence = NaN, turn = NaN] = tokens.slice(first, first + 3).map(Number);
  return Number.isInteger(count + sequence + turn)
    ? { key: `${sequence} ${tokens[first + 3]}`, count, sequence, turn, storedAt: Number(tokens[first + 3]) / 1e6 }
    : null;
};

/** Null for what is no delivery but a word of the server about a pull. */
export const deliveryOf = (connection: NatsConnection, message: Msg): Delivery | null => {
  const { reply } = message;
  const place = reply === undefined ? null : parse(reply);
  if (reply === undefined || place === null) return null;
  const say = (word: string) => (): void => {
    if (!connection.isClosed()) connection.publish(reply, word);
  };
  return {
    ...place,
    payload: message.data,
    headers: message.headers,
    ack: say('+ACK'),
    giveBack: say('-NAK'),
    keep: say('+WPI'),
  };
};
