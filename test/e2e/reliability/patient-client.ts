import assert from 'node:assert/strict';
import type { Problem } from '@simfleet/contracts';
import type { Answer } from '../client.ts';

/** What HAProxy says of a replica that died over a request. */
const gatewayTrouble = new Set([502, 504]);
/** No request may be without an answer for longer, in milliseconds, whatever is paused. */
export const longestAnswerMs = 20_000;
/** Nor may a client that asks again and again be without one that counts. */
const longestWaitMs = 25_000;
const pauseMs = 50;

/** What the clients saw, for the record. */
export interface Tally {
  answers: number;
  refusals: number;
  breaks: number;
  slowestMs: number;
  /** From the first time of asking to the answer that counts. */
  longestWaitMs: number;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A client that asks again until it has an answer that is one, under the same key. */
export interface PatientClient {
  readonly tally: Tally;
  /** Throws for a refusal that time will not change. */
  insist(method: string, path: string, options?: InsistOptions): Promise<Answer>;
}

interface InsistOptions {
  readonly body?: unknown;
  readonly key?: string;
  /** Codes of refusals that are an answer too. */
  readonly refusals?: readonly string[];
}

/** Asks no more once the signal aborts. */
export const openPatientClient = (
  { url, token }: { readonly url: string; readonly token: string },
  signal: AbortSignal,
): PatientClient => {
  const tally: Tally = { answers: 0, refusals: 0, breaks: 0, slowestMs: 0, longestWaitMs: 0 };

  const once = async (method: string, path: string, { body, key }: InsistOptions): Promise<Answer | null> => {
    const start = performance.now();
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(longestAnswerMs),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    } catch (error) {
      const ms = Math.round(performance.now() - start);
      assert.ok(ms < longestAnswerMs, `${method} ${path} had no answer for ${ms} ms: ${String(error)}`);
      return null;
    } finally {
      tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - start));
    }
  };

  return {
    tally,
    async insist(method, path, options = {}) {
      const { refusals = [] } = options;
      const start = performance.now();
      let said = '';
      for (;;) {
        signal.throwIfAborted();
        const answer = await once(method, path, options);
        if (answer === null) tally.breaks += 1;
        else if (answer.status < 300 || refusals.includes(problemOf(answer).code ?? '')) {
          const waitedMs = Math.round(performance.now() - start);
          assert.ok(waitedMs < longestWaitMs, `${method} ${path} took ${waitedMs} ms, the last refusal being ${said}`);
          tally.longestWaitMs = Math.max(tally.longestWaitMs, waitedMs);
          tally.answers += 1;
          return answer;
        } else {
          said = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`;
          assert.ok(gatewayTrouble.has(answer.status) || problemOf(answer).retryable === true, said);
          if (answer.status === 503) assert.equal(answer.headers.get('retry-after'), '1', said);
          tally.refusals += 1;
        }
        await pause(pauseMs);
      }
    },
  };
};

const problemOf = ({ body }: Answer): Partial<Problem> => (typeof body === 'object' && body !== null ? body : {});
