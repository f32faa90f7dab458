import { SimfleetError, type RequestSubject } from '@simfleet/contracts';
import type { Unsubscribe } from '../bus.ts';
import { checkedReply, checkedRequest, crossing } from '../checked.ts';
import type { Timers } from '../timers.ts';

type Handler = (body: never) => Promise<unknown>;

/** Who answers which subject; several share the work in turn. */
export class Answers {
  readonly #timers: Timers;
  readonly #handlers = new Map<string, { readonly handlers: Handler[]; turn: number }>();
  readonly #under = new Map<Handler, Set<Promise<unknown>>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** `as`: the name that requests have to be sent to; empty for those sent to anyone. */
  add(subject: RequestSubject, as: string, handler: Handler): Unsubscribe {
    const own: Handler = (body) => handler(body);
    const place = `${subject} ${as}`;
    const answering = this.#handlers.get(place) ?? { handlers: [], turn: 0 };
    answering.handlers.push(own);
    this.#handlers.set(place, answering);
    this.#under.set(own, new Set());
    return async () => {
      const at = answering.handlers.indexOf(own);
      if (at >= 0) answering.handlers.splice(at, 1);
      await Promise.allSettled([...(this.#under.get(own) ?? [])]);
      this.#under.delete(own);
    };
  }

  async request(subject: RequestSubject, to: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const copy = checkedRequest(subject, body);
    const answering = this.#handlers.get(`${subject} ${to}`);
    const handler = answering?.handlers[answering.turn % Math.max(1, answering.handlers.length)];
    if (answering === undefined || handler === undefined) {
      throw new SimfleetError('unavailable', `Nobody answers ${subject}.`);
    }
    answering.turn += 1;
    const reply = await this.#inTime(subject, timeoutMs, this.#run(handler, copy));
    return checkedReply(subject, reply);
  }

  async #run(handler: Handler, body: unknown): Promise<unknown> {
    const under = this.#under.get(handler);
    const running = handler(body as never);
    under?.add(running);
    try {
      return await running;
    } catch (error) {
      throw crossing(error);
    } finally {
      under?.delete(running);
    }
  }

  #inTime(subject: string, timeoutMs: number, running: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(timeoutMs, () =>
        reject(new SimfleetError('unavailable', `Nobody answered ${subject} within ${timeoutMs} ms.`)),
      );
      running.then(resolve, reject).finally(cancel);
    });
  }
}
