import type { IncomingMessage } from 'node:http';
import { SimfleetError } from '@simfleet/contracts';
import type { Mistake } from '@simfleet/contracts';
import { z } from 'zod';
import type { Route } from '../routes/route.ts';
import { mistakesOf } from './mistakes.ts';
import { requireJson } from './media-type.ts';
import type { RequestPart } from './pointer.ts';
import { readBody } from './read-body.ts';
import { parseStrictJson } from './strict-json.ts';

/** Requests hold at most 1 MiB unless their route says otherwise. */
const defaultBodyLimit = 1024 * 1024;
/** More mistakes than a person mends in one go. */
const shownMistakes = 100;

export interface ValidRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  /** The body as it came, for the fingerprint of an Idempotency-Key. */
  readonly bytes: Buffer;
}

const noParameters = z.strictObject({});
const streamParameters = z.strictObject({ lastEventId: z.string().optional() });

/** Several values of one query parameter: `label=a&label=b`. */
export const repeated = <Item extends z.ZodType>(item: Item): z.ZodType<z.infer<Item>[], unknown> =>
  z
    .preprocess((value) => (Array.isArray(value) || value === undefined ? value : [value]), z.array(item).max(100))
    .default([]);

/**
 * Reads and checks all parts of a request by the shapes of its route.
 * Throws `invalid-request` with every mistake in every part at once; `body-too-large`, `unsupported-media-type`, `malformed-body`.
 */
export const validate = async (
  route: Route,
  request: IncomingMessage,
  url: string,
  params: Readonly<Record<string, unknown>>,
): Promise<ValidRequest> => {
  const bytes = await readBody(request, route.bodyLimit ?? defaultBodyLimit);
  const mistakes: Mistake[] = [];
  const check = (part: RequestPart, schema: z.ZodType, value: unknown): unknown => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const { issues } = result.error;
    mistakes.push(
      ...mistakesOf(part, schema, part === 'query' ? issues.map((issue) => repetitionTold(issue, value)) : issues),
    );
    return undefined;
  };
  const valid: ValidRequest = {
    params: check('path', route.request.params ?? z.object({}), { ...params }),
    query: check('query', querySchema(route), queryOf(url)),
    headers: check('header', route.request.headers ?? z.object({}), request.headers),
    body: bodyOf(route, request, bytes, (schema, value) => check('body', schema, value), mistakes),
    bytes,
  };
  if (mistakes.length === 0) return valid;
  const shown = mistakes.slice(0, shownMistakes);
  throw new SimfleetError('invalid-request', summary(mistakes), { mistakes: shown });
};

/** A parameter that is given several times where one is taken: told as that, whatever its shape says of a list. */
const repetitionTold = (issue: z.core.$ZodIssue, query: unknown): z.core.$ZodIssue => {
  const [name, ...deeper] = issue.path;
  const isOfShape = issue.code === 'invalid_type' || issue.code === 'invalid_value';
  const given = (query as Readonly<Record<PropertyKey, unknown>>)[name ?? ''];
  return isOfShape && deeper.length === 0 && Array.isArray(given) ? { ...issue, message: 'must be given once' } : issue;
};

const querySchema = (route: Route): z.ZodObject => {
  const streams = Object.values(route.responses).some(({ contentType }) => contentType === 'text/event-stream');
  if (!streams) return route.request.query ?? noParameters;
  return route.request.query?.extend(streamParameters.shape) ?? streamParameters;
};

/** A parameter given once is text, given several times a list. */
export const queryOf = (url: string): Readonly<Record<string, string | readonly string[]>> => {
  const start = url.indexOf('?');
  const parameters = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first = '', ...others] = parameters.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
};

const bodyOf = (
  route: Route,
  request: IncomingMessage,
  bytes: Buffer,
  check: (schema: z.ZodType, value: unknown) => unknown,
  mistakes: Mistake[],
): unknown => {
  const schema = route.request.body;
  if (bytes.length === 0) {
    if (schema === undefined || schema.safeParse(undefined).success) return undefined;
    mistakes.push({ pointer: '', detail: 'a JSON body is needed' });
    return undefined;
  }
  requireJson(request.headers['content-type'], request.headers['content-encoding'], route.alsoAccepts ?? []);
  return check(schema ?? noParameters, parseStrictJson(bytes));
};

const summary = (mistakes: readonly Mistake[]): string => {
  const [first] = mistakes;
  if (first === undefined || mistakes.length > 1) return `the request has ${mistakes.length} mistakes`;
  return `${first.pointer === '' ? 'the body' : first.pointer}: ${first.detail}`;
};
