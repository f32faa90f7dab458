import { errorTable, SimfleetError, type ErrorCode, type Mistake, type RequestSubject } from '@simfleet/contracts';
import { checkedReply, checkedRequest, crossing, type Tracing, type Unsubscribe } from '@simfleet/bus';
import type { Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import { traceHeaders, traceOf } from '../event-message.ts';
import type { Link } from '../link/link.ts';
import { isNoResponders, refusal } from '../link/refusals.ts';
import type { Names } from '../names.ts';
import type { OnTrouble } from '../options.ts';

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** What comes back: the body, or an error of ours. */
const reply = z.union([
  z.object({ body: z.unknown() }).strict(),
  z.object({
    error: z.object({
      code: z.enum(codes),
      detail: z.string(),
      mistakes: z.array(z.object({ pointer: z.string(), detail: z.string() })),
    }),
  }),
]);

/** All who answer one subject are one queue group: each request reaches one of them. */
const group = 'answer';
const defaultTimeoutMs = 5000;

type Handler = (body: never) => Promise<unknown>;

export const openRequests = (
  link: Link,
  names: Names,
  tracing: Tracing,
  onTrouble: OnTrouble,
): {
  request(subject: RequestSubject, to: string, body: unknown, timeoutMs?: number): Promise<unknown>;
  answer(subject: RequestSubject, as: string, handler: Handler): Promise<Unsubscribe>;
} => {
  const ask = async (subject: RequestSubject, to: string, body: unknown, timeout: number): Promise<Msg> => {
    try {
      return await link.connection.request(names.request(subject, to), JSON.stringify(body), {
        timeout,
        headers: traceHeaders(tracing.current()),
      });
    } catch (error) {
      if (isNoResponders(error)) throw new SimfleetError('unavailable', `Nobody answers ${subject}.`, { cause: error });
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new SimfleetError('unavailable', `Nobody answered ${subject} within ${timeout} ms.`, { cause: error });
      }
      throw refusal(`The request ${subject}`, error);
    }
  };

  const answerTo = async (subject: RequestSubject, message: Msg, handler: Handler): Promise<void> => {
    try {
      const body = checkedReply(subject, await handler(checkedRequest(subject, message.json()) as never));
      message.respond(JSON.stringify({ body }));
    } catch (error) {
      const { code, detail, mistakes } = crossing(error);
      if (code === 'internal') onTrouble?.(`The request ${subject} could not be answered`, error);
      message.respond(JSON.stringify({ error: { code, detail, mistakes } }));
    }
  };

  return {
    async request(subject, to, body, timeoutMs = defaultTimeoutMs) {
      link.check();
      const message = await ask(subject, to, checkedRequest(subject, body), timeoutMs);
      const answered = reply.safeParse(message.json());
      if (!answered.success) throw new SimfleetError('internal', `The reply to ${subject} is none.`);
      if ('body' in answered.data) return checkedReply(subject, answered.data.body);
      const { code, detail, mistakes } = answered.data.error;
      throw new SimfleetError(code, detail, { mistakes: mistakes satisfies readonly Mistake[] });
    },

    async answer(subject, as, handler) {
      link.check();
      const under = new Set<Promise<void>>();
      const subscription = link.connection.subscribe(names.request(subject, as), {
        queue: group,
        callback(error, message) {
          if (error !== null) return onTrouble?.(`Requests ${subject} do not arrive`, error);
          const answering = tracing
            .within(traceOf(message.headers), () => answerTo(subject, message, handler))
            .catch((failed: unknown) => onTrouble?.(`A reply to ${subject} could not be sent`, failed))
            .finally(() => under.delete(answering));
          under.add(answering);
        },
      });
      await link.settle().catch((error: unknown) => {
        throw refusal(`Answering ${subject}`, error);
      });
      return async () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
        await Promise.all(under);
      };
    },
  };
};
