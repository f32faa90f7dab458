import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SimfleetError, errorCode, errorTable } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Authorizer } from '../access/authorizer.ts';
import { bearerTokenOf } from '../access/bearer.ts';
import type { Credentials, TokenWatch } from '../access/token-watch.ts';
import { rendered, renderedProblem, send } from '../answer/send.ts';
import { uuid7 } from '../idempotency/effect-id.ts';
import { idempotencyKeyOf } from '../idempotency/key.ts';
import type { StoredResponse } from '../idempotency/record.ts';
import { digest } from '../idempotency/store.ts';
import type { Claim, IdempotencyStore } from '../idempotency/store.ts';
import { limitRoute } from '../limits/limit-route.ts';
import type { RouteLimits } from '../limits/limit-route.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import { queryOf, validate } from '../request/validate.ts';
import type { ValidRequest } from '../request/validate.ts';
import { streamEvents, streamHeaders } from '../sse/stream-events.ts';
import type { StreamLimits } from '../sse/stream-events.ts';
import type { EventStream, Outcome, RequestContext, Route, RouteRequest } from './route.ts';

/** What every route needs of the server. */
export interface RouteServices {
  readonly authorizer: Authorizer;
  readonly tokenWatch: TokenWatch;
  readonly clock: Clock;
  readonly idempotency: IdempotencyStore | null;
  readonly stream: StreamLimits;
  /** Nothing is limited when left out. */
  readonly requestLimits?: RequestLimits;
}

/** One request on its way. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly requestId: string;
  readonly logger: Logger;
  /** Aborts when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  /** Told who asks, for the log. */
  seen(principal: Principal): void;
}

/** A caller that no Authorizer knows: may do nothing by itself. */
const nobody = (kind: Principal['kind']): Principal => ({ id: 'anonymous', kind, customers: [] });

/** Who asks, may they, may they now, what do they ask, was it asked before, answer. Throws what becomes a problem. */
export const runRoute = async (route: Route, services: RouteServices, exchange: Exchange): Promise<void> => {
  const limits = limitRoute(services.requestLimits, route, exchange);
  try {
    await answerRoute(route, services, exchange, limits);
  } catch (error) {
    await limits.failed(error);
    throw error;
  }
};

const answerRoute = async (
  route: Route,
  services: RouteServices,
  exchange: Exchange,
  limits: RouteLimits,
): Promise<void> => {
  await limits.byAddress();
  const access = await admit(route, services.authorizer, exchange);
  await limits.byCaller(access.principal, access.bearer);
  await route.admit?.({ params: exchange.params, token: access.token });
  const valid = await validate(route, exchange.request, exchange.url, exchange.params);
  await limits.byCustomer(valid, (customer) => services.authorizer.permits(access.principal, route.action, customer));
  const key = honoursKey(route) ? idempotencyKeyOf(header(exchange.request, 'idempotency-key')) : undefined;
  const call = (effectId: string): Promise<Outcome> =>
    route.handle(requestOf(route, services, exchange, access, valid, effectId));
  if (key === undefined || services.idempotency === null) {
    const outcome = await call(uuid7(services.clock.now(), randomBytes(16)));
    if ('events' in outcome) return await stream(outcome, services, exchange, callerOf(route, access));
    return send(exchange.response, rendered(outcome));
  }
  const fingerprint = fingerprintOf(exchange, valid.bytes);
  const claimed = await services.idempotency.claim(access.principal.id, key, fingerprint);
  if (claimed.kind === 'replay') {
    const headers = { ...claimed.response.headers, 'idempotency-replayed': 'true' };
    return send(exchange.response, { ...claimed.response, headers });
  }
  send(exchange.response, await once(claimed.claim, call, exchange));
};

interface Access {
  readonly principal: Principal;
  /** What handlers see: of `job` routes alone. */
  readonly token: string | null;
  /** What was presented. */
  readonly bearer: string | null;
}

const admit = async (route: Route, authorizer: Authorizer, exchange: Exchange): Promise<Access> => {
  const authentication = route.authentication ?? 'token';
  if (authentication === 'none') return { principal: nobody('user'), token: null, bearer: null };
  const token = bearerTokenOf(header(exchange.request, 'authorization'));
  if (authentication === 'job') {
    if (token === null) throw new SimfleetError('unauthenticated', 'a job token is needed');
    return { principal: nobody('job'), token, bearer: token };
  }
  const principal = await authorizer.authenticate(token);
  if (principal === null) {
    throw new SimfleetError('unauthenticated', token === null ? 'a bearer token is needed' : 'the token is wrong');
  }
  exchange.seen(principal);
  if (!authorizer.permits(principal, route.action, null)) throw forbidden(route.action);
  return { principal, token: null, bearer: token };
};

/** Who has a token that the Authorizer knows. */
const callerOf = ({ authentication = 'token' }: Route, { principal, bearer }: Access): Credentials | null =>
  authentication === 'token' ? { principal, token: bearer } : null;

const forbidden = (action: string): SimfleetError =>
  new SimfleetError('forbidden', `the credentials do not permit ${action}`);

const requestOf = (
  route: Route,
  { authorizer }: RouteServices,
  { request, url, requestId, logger, signal }: Exchange,
  { principal, token }: Access,
  { params, query, headers, body }: ValidRequest,
  effectId: string,
): RouteRequest<undefined, undefined, undefined, undefined> => {
  const permits = (customer: string): boolean => authorizer.permits(principal, route.action, customer);
  const { lastEventId } = queryOf(url);
  const context: RequestContext = {
    requestId,
    logger,
    url,
    principal,
    token,
    permits,
    authorize(customer) {
      if (!permits(customer)) throw forbidden(`${route.action} for this customer`);
    },
    ifMatch: header(request, 'if-match'),
    lastEventId: header(request, 'last-event-id') ?? (typeof lastEventId === 'string' ? lastEventId : undefined),
    effectId,
    signal,
  };
  // The shapes are those of the route: `defineRoute` bound the handler to them.
  return { ...context, params, query, headers, body } as RouteRequest<undefined, undefined, undefined, undefined>;
};

export const honoursKey = (route: Route): boolean =>
  route.idempotent ?? (route.method === 'post' && (route.authentication ?? 'token') === 'token');

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

const fingerprintOf = ({ request, url }: Exchange, bytes: Buffer): string =>
  digest([request.method ?? '', url, header(request, 'if-match') ?? '', bytes.toString('latin1')]);

/**
 * Runs the handler under its claim. Whatever it answers is kept for repetitions, refusals too; after a temporary fault or one of ours the
 * claim is given back instead, and a repetition runs the handler again with the same effect id.
 */
const once = async (
  claim: Claim,
  call: (effectId: string) => Promise<Outcome>,
  { requestId, logger }: Exchange,
): Promise<StoredResponse> => {
  try {
    const outcome = await call(claim.effectId);
    if ('events' in outcome) throw new SimfleetError('internal', 'a stream cannot be repeated by Idempotency-Key');
    const response = rendered(outcome);
    await claim.complete(response);
    return response;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || errorTable[code].retryable) {
      // When even that fails, the lease runs out by itself.
      await claim.release().catch((cause: unknown) => logger.warn({ err: cause }, 'could not give back a claim'));
      throw error;
    }
    const { fault: _fault, ...response } = renderedProblem(error, requestId);
    await claim.complete(response);
    return response;
  }
};

const stream = async (
  { events }: EventStream,
  { tokenWatch, clock, stream: limits }: RouteServices,
  exchange: Exchange,
  caller: Credentials | null,
): Promise<void> => {
  const { request, response, logger } = exchange;
  // HEAD asks for what GET would say before its body; there is nobody to send events to.
  if (request.method === 'HEAD') return send(response, { status: 200, headers: streamHeaders, body: null });
  const lost = new AbortController();
  // Whoever comes back is asked for a good token then.
  const unwatch = caller === null ? () => undefined : tokenWatch.watch(caller, () => lost.abort());
  const signal = AbortSignal.any([exchange.signal, lost.signal]);
  const end = await streamEvents({ response, events, clock, limits, signal }).finally(unwatch);
  if (end === 'too-slow') {
    logger.warn({ bufferBytes: limits.bufferBytes }, 'dropped a stream whose client reads too slowly');
  }
};
