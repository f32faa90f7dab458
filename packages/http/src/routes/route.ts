import type { ErrorCode, Principal } from '@simfleet/contracts';
import type { Logger } from '@simfleet/runtime';
import type { z } from 'zod';
import type { SseEvent } from '../sse/event.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a handler gives back. `headers` are sent as they are; a body is JSON unless it is absent. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A stream of server-sent events; the iterable is ended by `signal` of the request when the client or the server goes. */
export interface EventStream {
  readonly events: AsyncIterable<SseEvent>;
}

export type Outcome = Answer | EventStream;

/** What every handler gets besides its own shapes. */
export interface RequestContext {
  /** Echoed as `X-Request-Id`, in logs, and `instance` of problems. */
  readonly requestId: string;
  readonly logger: Logger;
  /** Path and query as the client sent them. */
  readonly url: string;
  /** Who asks. On routes for job tokens and without authentication: a principal without customers. */
  readonly principal: Principal;
  /** The bearer token on `job` routes, which `admit` or the handler checks; null elsewhere. */
  readonly token: string | null;
  /** Throws `forbidden` unless the principal may do the route's action for this customer. */
  authorize(customer: string): void;
  /** The same as a question: for filtering and for `not-found` instead of `forbidden`. */
  permits(customer: string): boolean;
  /** `If-Match` as sent; see `requireIfMatch`. */
  readonly ifMatch: string | undefined;
  /** `Last-Event-ID` (header, or `?lastEventId=`), as sent. */
  readonly lastEventId: string | undefined;
  /**
   * A UUID (version 7 form: sorts by time) to derive ids of new records from. The same for every repetition of a request with the same
   * Idempotency-Key, so that an insert that finds its own id already there knows that its effect had happened; random without a key.
   */
  readonly effectId: string;
  /** Aborts when the client has gone or the server stops: end long work. */
  readonly signal: AbortSignal;
}

type Parsed<Schema, Absent> = Schema extends z.ZodType ? z.infer<Schema> : Absent;
type NoMembers = Readonly<Record<string, never>>;

export interface RouteRequest<Params, Query, Headers, Body> extends RequestContext {
  readonly params: Parsed<Params, NoMembers>;
  readonly query: Parsed<Query, NoMembers>;
  readonly headers: Parsed<Headers, NoMembers>;
  readonly body: Parsed<Body, undefined>;
}

export interface ResponseDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default `application/json`; `text/event-stream` for streams. */
  readonly contentType?: string;
}

/** `token`: a bearer token that the Authorizer knows; `job`: a job's own token, checked by `admit` or the handler; `none`: open to all. */
export type Authentication = 'token' | 'job' | 'none';

interface RouteDescription {
  readonly method: Method;
  /** Express 5 syntax. A custom verb escapes its colon: `/v1/jobs/:id\\:suspend`. */
  readonly path: string;
  /** Unique name for generated clients: `createJob`. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Heading in the documentation: `jobs`. */
  readonly tag: string;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** Errors of the handler's own, for the documentation; those of the layer are added. */
  readonly errors?: readonly ErrorCode[];
  /** What the Authorizer is asked: `jobs.create`. */
  readonly action: string;
  /** Default `token`. */
  readonly authentication?: Authentication;
  /**
   * Refuses a caller, by throwing, before a byte of the body is read: for `job` tokens, which only the route's own service knows. `params`
   * are those of the path, not checked yet.
   */
  readonly admit?: (caller: {
    readonly params: Readonly<Record<string, unknown>>;
    readonly token: string | null;
  }) => Promise<void>;
  /** Whether rate limit policies that name no operations hold here; default true with `token`. Those that name this one hold in any case, without `token` by address alone. */
  readonly limited?: boolean;
  /** Honours `Idempotency-Key`; default true for POST with a token. */
  readonly idempotent?: boolean;
  /** Bytes of the body; default 1 MiB. */
  readonly bodyLimit?: number;
  /** Media types taken besides `application/json`, all of them JSON: `application/merge-patch+json`. */
  readonly alsoAccepts?: readonly string[];
}

export interface RouteDefinition<Params, Query, Headers, Body> extends RouteDescription {
  readonly request?: {
    readonly params?: Params;
    readonly query?: Query;
    /** Names in lower case. */
    readonly headers?: Headers;
    readonly body?: Body;
  };
  handle(request: RouteRequest<Params, Query, Headers, Body>): Promise<Outcome>;
}

/** A route whose shapes were checked against its handler; what the server takes. */
export interface Route extends RouteDescription {
  readonly request: {
    readonly params?: z.ZodObject;
    readonly query?: z.ZodObject;
    readonly headers?: z.ZodObject;
    readonly body?: z.ZodType;
  };
  handle(request: RouteRequest<undefined, undefined, undefined, undefined>): Promise<Outcome>;
}

/** Binds a handler to the shapes it is called with; the server validates them before. */
export const defineRoute = <
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Headers extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  definition: RouteDefinition<Params, Query, Headers, Body>,
): Route => ({ ...definition, request: definition.request ?? {} }) as Route;
