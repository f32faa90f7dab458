import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { DeadLetter, DeadLetterQuery } from '@simfleet/bus';
import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/nats-core';
import type { Link } from './link/link.ts';
import { isNoMessage, refusal } from './link/refusals.ts';
import type { Names } from './names.ts';
import { store } from './publish.ts';

/** What a parked message says besides its event. */
const head = {
  consumer: 'Simfleet-Consumer',
  reason: 'Simfleet-Reason',
  attempts: 'Simfleet-Attempts',
  time: 'Simfleet-Time',
} as const;

/** Characters of a reason that are kept; percent-encoded they are nine bytes at most, and fit the room that events leave. */
const longestReason = 1000;

export interface Parked {
  readonly consumer: string;
  /** The event as it came. */
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly reason: string;
  readonly attempts: number;
  /** Its place in the stream of events: parked twice, it is stored once. */
  readonly sequence: number;
}

export interface Letters {
  /** Resolves once the letter is durable. */
  park(parked: Parked): Promise<void>;
  list(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  replay(letterId: string): Promise<void>;
  discard(letterId: string): Promise<void>;
}

const idOf = (sequence: number): string => String(sequence).padStart(16, '0');
const sequenceOf = (id: string): number => (/^\d{1,16}$/.test(id) ? Number(id) : 0);

const letterOf = (message: StoredMsg): DeadLetter => ({
  id: idOf(message.seq),
  consumer: decodeURIComponent(message.header.get(head.consumer)),
  event: message.json<SimfleetEvent>(),
  reason: decodeURIComponent(message.header.get(head.reason)),
  attempts: Number(message.header.get(head.attempts)),
  time: message.header.get(head.time),
});

/** A lone half of a surrogate pair, which a cut may leave, cannot be encoded. */
const encoded = (text: string): string => encodeURIComponent(text.slice(0, longestReason).toWellFormed());

export const openLetters = (
  link: Link,
  jetstream: JetStreamClient,
  manager: JetStreamManager,
  names: Names,
): Letters => {
  /** The letter, or the first one after it. */
  const find = async (sequence: number, orLater: boolean): Promise<StoredMsg | null> => {
    link.check();
    try {
      const query = orLater ? { seq: sequence, next_by_subj: `${names.namespace}.dead.*` } : { seq: sequence };
      return await manager.streams.getMessage(names.dead, query);
    } catch (error) {
      if (isNoMessage(error)) return null;
      throw refusal('Dead letters cannot be read', error);
    }
  };
  const found = async (letterId: string): Promise<StoredMsg> => {
    const sequence = sequenceOf(letterId);
    const message = sequence > 0 ? await find(sequence, false) : null;
    if (message === null) throw new SimfleetError('not-found', `There is no dead letter "${letterId}".`);
    return message;
  };
  /** Someone else may have removed it meanwhile: then it is gone all the same. */
  const remove = async ({ seq }: StoredMsg): Promise<boolean> => {
    try {
      return await manager.streams.deleteMessage(names.dead, seq, false);
    } catch (error) {
      if ((await find(seq, false)) === null) return false;
      throw refusal('The dead letter was not removed', error);
    }
  };

  return {
    park({ consumer, payload, headers: original, reason, attempts, sequence }) {
      const onto = headers();
      for (const name of ['traceparent', 'tracestate', 'Content-Type']) {
        const value = original?.get(name);
        if (value) onto.set(name, value);
      }
      onto.set(head.consumer, encoded(consumer));
      onto.set(head.reason, encoded(reason));
      onto.set(head.attempts, String(attempts));
      onto.set(head.time, new Date().toISOString());
      const id = `${names.letter(consumer)}#${sequence}`;
      return store(link, jetstream, { subject: names.letter(consumer), payload, headers: onto, id });
    },

    async list({ after = '', limit }) {
      const letters: DeadLetter[] = [];
      let next = sequenceOf(after) + 1;
      while (letters.length < limit) {
        const message = await find(next, true);
        if (message === null) break;
        letters.push(letterOf(message));
        next = message.seq + 1;
      }
      return letters;
    },

    async replay(letterId) {
      const message = await found(letterId);
      const { consumer } = letterOf(message);
      const onto = headers();
      for (const name of ['traceparent', 'tracestate', 'Content-Type']) {
        const value = message.header.get(name);
        if (value) onto.set(name, value);
      }
      // The id of the letter: two who replay it at once hand it over once.
      const id = `${names.replay(consumer)}#${message.seq}`;
      await store(link, jetstream, { subject: names.replay(consumer), payload: message.data, headers: onto, id });
      await remove(message);
    },

    async discard(letterId) {
      const message = await found(letterId);
      if (!(await remove(message))) throw new SimfleetError('not-found', `There is no dead letter "${letterId}".`);
    },
  };
};
