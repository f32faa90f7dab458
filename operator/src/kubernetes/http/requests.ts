import type { IncomingMessage } from 'node:http';
import type { Clock } from '@simfleet/runtime';
import { KubernetesError } from '../errors.ts';
import type { Instruments } from '../instruments.ts';
import { parseBody, readText, refusalOf } from './answers.ts';
import type { Connections, Exchange } from './connections.ts';
import { createSlots } from './slots.ts';

export interface Request extends Pick<Exchange, 'method' | 'path' | 'permit'> {
  /** For the metrics: get, list, create, … */
  readonly verb: string;
  /** For the metrics: plural of the resource. */
  readonly resource: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
  /** Whether doing it twice is as good as once. Otherwise it is tried again only when the server said that it did not begin (429). */
  readonly repeatable: boolean;
  /** How long the next attempt may take in all, in milliseconds. */
  readonly limitMs?: () => number;
}

export interface Requests {
  /** Throws `KubernetesError`; what `permit` throws; the signal's reason. */
  json(request: Request): Promise<unknown>;
  /** An answer without end; no slot, no limit of time and no second attempt. Throws the same. */
  stream(
    request: Omit<Request, 'repeatable' | 'body' | 'limitMs'> & { readonly signal: AbortSignal },
  ): Promise<IncomingMessage>;
}

export interface RequestsOptions {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly random: () => number;
  /** Requests at a time. */
  readonly maximum: number;
}

const attempts = 4;
/** Doubles with each attempt; half of it is chance, so that clients that failed together do not come back together. */
const firstPauseMs = 100;
/** What the server asks for in `Retry-After` is obeyed up to here; beyond, the queue's backoff is the better place to wait. */
const longestPauseMs = 5000;
/** The server's own limit for a request is 60 s; writes and reads of one object that take this long have failed. */
const defaultLimitMs = 30_000;

export const createRequests = ({ connections, clock, instruments, random, maximum }: RequestsOptions): Requests => {
  const slots = createSlots(maximum);

  const attempt = async (request: Request, body: string | undefined, fresh: boolean): Promise<unknown> => {
    const limit = new AbortController();
    const limitMs = Math.min(request.limitMs?.() ?? defaultLimitMs, defaultLimitMs);
    const stopClock = clock.after(limitMs, () =>
      limit.abort(new KubernetesError('Unreachable', `the Kubernetes API did not answer within ${limitMs} ms`)),
    );
    const signal = request.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, request.signal]);
    const begun = clock.monotonic();
    let code = 'none';
    let give: (() => void) | undefined;
    try {
      give = await slots.take(signal);
      const answer = await connections.send({
        method: request.method,
        path: request.path,
        signal,
        freshCredentials: fresh,
        ...(request.permit === undefined ? {} : { permit: request.permit }),
        ...(body === undefined ? {} : { body, headers: { 'content-type': request.contentType ?? 'application/json' } }),
      });
      const text = await readText(answer);
      const status = answer.statusCode ?? 0;
      code = String(status);
      if (status < 200 || status > 299) throw refusalOf(text, status, answer.headers['retry-after']);
      return parseBody(text, status);
    } catch (error) {
      throw signal.aborted ? (signal.reason as Error) : error;
    } finally {
      stopClock();
      give?.();
      instruments.request(request.verb, request.resource, code, clock.monotonic() - begun);
    }
  };

  return {
    async json(request) {
      const body = request.body === undefined ? undefined : JSON.stringify(request.body);
      let fresh = false;
      for (let count = 1; ; count++) {
        try {
          return await attempt(request, body, fresh);
        } catch (error) {
          if (!(error instanceof KubernetesError) || count === attempts || !mayRepeat(error, request)) throw error;
          // A token that was replaced in its file within the last seconds: once, with what the file holds now.
          if (error.status === 401 && fresh) throw error;
          fresh = error.status === 401;
          const pauseMs = firstPauseMs * 2 ** (count - 1) * (0.5 + random() / 2);
          await clock.sleep(Math.min(Math.max(pauseMs, error.retryAfterMs), longestPauseMs), request.signal);
          request.signal?.throwIfAborted();
        }
      }
    },
    async stream({ verb, resource, method, path, signal, permit }) {
      const begun = clock.monotonic();
      let code = 'none';
      try {
        const answer = await connections.send({ method, path, signal, ...(permit === undefined ? {} : { permit }) });
        code = String(answer.statusCode);
        if (answer.statusCode === 200) return answer;
        throw refusalOf(await readText(answer), answer.statusCode ?? 0, answer.headers['retry-after']);
      } finally {
        instruments.request(verb, resource, code, clock.monotonic() - begun);
      }
    },
  };
};

/** 429 and 401 come before the server has begun; after others it may have finished. */
const mayRepeat = (error: KubernetesError, { repeatable }: Request): boolean => {
  if (error.status === 429 || error.status === 401) return true;
  return repeatable && (error.reason === 'Unreachable' || error.status >= 500);
};
