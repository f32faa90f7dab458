import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCode } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { Soon } from '@simfleet/rate-limit';
import type { ValidRequest } from '../request/validate.ts';
import type { Route } from '../routes/route.ts';
import type { LimitedRequest, RequestLimits } from './request-limits.ts';
import { soon } from './soon.ts';

/** The stages of a route at which limits are asked; each throws what refuses the request. */
export interface RouteLimits {
  byAddress(): Soon<void>;
  /** Before the body is read. */
  byCaller(principal: Principal, token: string | null): Soon<void>;
  /** As soon as body or query may have told a customer that the caller may act for: the last stage, whoever is counted there. */
  byCustomer(valid: ValidRequest, permits: (customer: string) => boolean): Soon<void>;
  /**
   * For whatever ends the request: a quota that refuses it after all gives back what was taken; all else is counted. Throws in its place what the limits
   * say when there was no room for it, so that many at once learn no more than a few.
   */
  failed(error: unknown): Soon<void>;
}

interface Limited {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Nothing is limited. */
const unlimited: RouteLimits = {
  byAddress: () => undefined,
  byCaller: () => undefined,
  byCustomer: () => undefined,
  failed: () => undefined,
};

/** Only routes for tokens are limited by policies that name no operation; shards report to theirs with the tokens of jobs, and probes have none. */
export const limitRoute = (
  limits: RequestLimits | undefined,
  route: Route,
  { request, response }: Limited,
): RouteLimits => {
  if (limits === undefined) return unlimited;
  const hasCaller = (route.authentication ?? 'token') === 'token';
  const general = route.limited ?? hasCaller;
  const { headers, socket } = request;
  const arrived = { operation: route.operationId, general, headers, remoteAddress: socket.remoteAddress };
  const limited = limits.request(arrived);
  response.once('close', () => limited.end());
  const step = (ask: () => Soon<void>): Soon<void> => told(limited, response, ask);
  return {
    byAddress: () => step(() => limited.byAddress()),
    byCaller: (principal, token) => (hasCaller ? step(() => limited.byCaller({ principal, token })) : undefined),
    byCustomer(valid, permits) {
      const customer = hasCaller ? customerOf(valid) : undefined;
      const isTheirs = customer !== undefined && permits(customer);
      return step(() => soon(isTheirs ? limited.byCustomer(customer) : undefined, () => limited.settle()));
    },
    failed: (error) => (errorCode(error) === 'quota-exceeded' ? limited.takeBack() : step(() => limited.settle())),
  };
};

/** Puts what was decided into the headers of the answer, whether it goes on or not. */
const told = (limited: LimitedRequest, response: ServerResponse, ask: () => Soon<void>): Soon<void> => {
  const tell = (): void => {
    if (response.headersSent) return;
    const { headers } = limited;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // Told before it was known that the caller is not limited.
    if (headers['ratelimit'] === undefined && response.hasHeader('ratelimit')) {
      response.removeHeader('ratelimit');
      response.removeHeader('ratelimit-policy');
    }
  };
  const refused = (error: unknown): never => {
    tell();
    throw error;
  };
  let done: Soon<void>;
  try {
    done = ask();
  } catch (error) {
    return refused(error);
  }
  if (done instanceof Promise) return done.then(tell, refused);
  tell();
};

const customerOf = ({ body, query }: ValidRequest): string | undefined => memberOf(body) ?? memberOf(query);

const memberOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !('customer' in value)) return undefined;
  return typeof value.customer === 'string' ? value.customer : undefined;
};
