import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Charge, LimiterStore, Rule, Soon } from '@simfleet/rate-limit';
import { renderedProblem, send } from '../answer/send.ts';
import { clientAddresses } from './client-address.ts';
import { decide, isAdmitted } from './decide.ts';
import { createLimitHeaders } from './limit-headers.ts';
import type { Decided } from './limit-headers.ts';
import { createRefusalAnswers } from './refusal-answers.ts';

export interface RateLimitOptions {
  readonly store: LimiterStore;
  /** Decided together: a request that one of them refuses costs none of them anything. At least one; names are different. */
  readonly rules: readonly Rule[];
  /** Whose budget a request comes out of; the client's address unless given. Must not hold a secret: a digest of it is sent to the client. */
  readonly key?: (request: IncomingMessage, rule: Rule) => string;
  /** Default 1; a finite number ≥ 0. */
  readonly cost?: (request: IncomingMessage, rule: Rule) => number;
  /** Whose `X-Forwarded-For` is believed: addresses, CIDR blocks, `loopback`, `linklocal`, `uniquelocal`. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
}

/** Fits express and whatever else takes connect's middleware. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Limits the requests that pass it: sets RateLimit-Policy and RateLimit, and answers what a rule refuses with 429 `quota-exceeded` and Retry-After. When
 * the store is `unavailable` the answer is 503; any other fault goes to `next`. With a store that answers at once it calls `next` at once. A request
 * counts against a concurrency rule until its answer is out, or `leaseMs` long.
 * Throws `invalid-configuration` for no rules, two of one name, or a proxy that is no address.
 */
export const rateLimit = (options: RateLimitOptions): Middleware => {
  const { store, rules } = options;
  if (rules.length === 0 || new Set(rules.map(({ name }) => name)).size < rules.length)
    throw new SimfleetError('invalid-configuration', 'rate limits need rules, each with a name of its own');
  const headersOf = createLimitHeaders();
  const refuse = createRefusalAnswers();
  const chargesOf = charging(options);

  const finish = (decided: readonly Decided[], response: ServerResponse, next: (error?: unknown) => void): void => {
    const headers = headersOf(decided);
    for (const name in headers) response.setHeader(name, headers[name] ?? '');
    if (!isAdmitted(decided)) return refuse(response, decided);
    for (const { charge, decision } of decided) {
      if (charge.lease === undefined) continue;
      // A client may go while the store is asked.
      if (response.closed) letGo(store, charge, decision.at);
      else response.once('close', () => letGo(store, charge, decision.at));
    }
    next();
  };

  return (request, response, next) => {
    const failed = (error: unknown): void => {
      if (errorCode(error) === 'unavailable') answer(response, error);
      else next(error);
    };
    let decided: Soon<readonly Decided[]>;
    try {
      decided = decide(store, chargesOf(request));
    } catch (error) {
      return failed(error);
    }
    // What `next` throws is not the store's: with an answer at once it goes to the caller, as without this middleware.
    if (decided instanceof Promise) decided.then((all) => finish(all, response, next)).catch(failed);
    else finish(decided, response, next);
  };
};

const charging = ({ rules, key, cost, trustedProxies = [] }: RateLimitOptions) => {
  const addressOf = clientAddresses(trustedProxies);
  const addressOfRequest = (request: IncomingMessage): string =>
    addressOf({ headers: request.headers, remoteAddress: request.socket.remoteAddress });
  const keyOf = key ?? addressOfRequest;
  const one = (request: IncomingMessage, rule: Rule): Charge => {
    const charge: Charge = { rule, key: keyOf(request, rule) };
    const costly = cost === undefined ? charge : { ...charge, cost: cost(request, rule) };
    return rule.algorithm === 'concurrency' ? { ...costly, lease: randomUUID() } : costly;
  };
  return (request: IncomingMessage): readonly Charge[] => {
    const charges: Charge[] = [];
    for (const rule of rules) charges.push(one(request, rule));
    return charges;
  };
};

const answer = (response: ServerResponse, error: unknown): void => {
  const { fault: _fault, ...problem } = renderedProblem(error, randomUUID());
  send(response, problem);
};

/** A lease that cannot be given back runs out by itself. */
const letGo = (store: LimiterStore, charge: Charge, at: number): void => {
  try {
    const done = store.refund(charge, at);
    if (done instanceof Promise) done.catch(() => undefined);
  } catch {
    return;
  }
};
