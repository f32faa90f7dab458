import { errorTable, problem } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import type { z } from 'zod';
import { createSchemas } from './schemas.ts';
import type { Schemas } from './schemas.ts';
import { honoursKey } from '../routes/run-route.ts';
import type { Route } from '../routes/route.ts';

type Json = Readonly<Record<string, unknown>>;

/** The API as an OpenAPI 3.1 document, made from the very shapes that requests are checked against. */
export const describeApi = (
  routes: readonly Route[],
  info: { readonly title: string; readonly version: string; readonly description: string },
): Json => {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: schemas.of(problem, 'output'), ...schemas.shared() },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The administrator token, or one of a user.' },
        jobToken: { type: 'http', scheme: 'bearer', description: 'The token of one job, for its reports alone.' },
      },
    },
  };
};

/** `/v1/jobs/:id\:suspend` as OpenAPI writes it: `/v1/jobs/{id}:suspend`. */
const templateOf = (path: string): string => path.replaceAll(/(?<!\\):([A-Za-z_]\w*)/g, '{$1}').replaceAll('\\', '');

const operation = (route: Route, schemas: Schemas): Json => {
  const { request, authentication = 'token' } = route;
  const body = request.body;
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    security: authentication === 'none' ? [] : [{ [authentication === 'job' ? 'jobToken' : 'token']: [] }],
    parameters: [
      ...pathParameters(route, schemas),
      ...parameters('query', request.query, schemas),
      ...parameters('header', request.headers, schemas),
      ...(honoursKey(route) ? [idempotencyKey] : []),
    ],
    ...(body === undefined ? {} : { requestBody: requestBody(body, route.alsoAccepts ?? [], schemas) }),
    responses: { ...answers(route, schemas), ...problems(route) },
  };
};

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A repetition with the same key gets the first answer again instead of a second effect. Kept for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const pathParameters = (route: Route, schemas: Schemas): readonly Json[] => {
  const described = parameters('path', route.request.params, schemas);
  const names = [...route.path.matchAll(/(?<!\\):([A-Za-z_]\w*)/g)].map(([, name]) => name);
  const missing = names.filter((name) => !described.some((parameter) => parameter.name === name));
  return [...described, ...missing.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))];
};

const parameters = (
  place: 'path' | 'query' | 'header',
  shape: z.ZodObject | undefined,
  schemas: Schemas,
): readonly Json[] => {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = schemas.of(shape, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
};

const requestBody = (body: z.ZodType, alsoAccepts: readonly string[], schemas: Schemas): Json => {
  const content = { schema: schemas.of(body, 'input') };
  const types = ['application/json', ...alsoAccepts];
  return {
    required: !body.safeParse(undefined).success,
    content: Object.fromEntries(types.map((type) => [type, content])),
  };
};

const answers = (route: Route, schemas: Schemas): Json =>
  Object.fromEntries(
    Object.entries(route.responses).map(([status, { description, schema, contentType = 'application/json' }]) => [
      status,
      {
        description,
        ...(isList(route) ? { headers: { Link: linkHeader } } : {}),
        ...(schema === undefined ? {} : { content: { [contentType]: { schema: schemas.of(schema, 'output') } } }),
      },
    ]),
  );

/** Lists take a cursor. */
const isList = ({ request }: Route): boolean => request.query?.shape['cursor'] !== undefined;

const linkHeader: Json = {
  description:
    'The pages around this one with its other parameters: `first`, `prev`, `next`, `last` (RFC 8288), as far as there are any.',
  schema: { type: 'string' },
};

/** Errors by status: those that the layer itself answers, and the route's own. */
const problems = (route: Route): Json => {
  const codes = new Set<ErrorCode>([...layerErrors(route), ...(route.errors ?? [])]);
  const byStatus = Map.groupBy(codes, (code) => errorTable[code].status);
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in route.responses))
      .map(([status, here]) => [
        status,
        {
          description: here.map((code) => `\`${code}\`: ${errorTable[code].title}.`).join(' '),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  );
};

const layerErrors = (route: Route): readonly ErrorCode[] => [
  ...((route.authentication ?? 'token') === 'none' ? [] : (['unauthenticated', 'forbidden'] as const)),
  ...((route.authentication ?? 'token') === 'token' ? (['quota-exceeded'] as const) : []),
  ...(Object.keys(route.request).length === 0 ? [] : (['invalid-request'] as const)),
  ...(isList(route) ? (['invalid-cursor'] as const) : []),
  ...(route.request.body === undefined
    ? []
    : (['malformed-body', 'body-too-large', 'unsupported-media-type'] as const)),
  ...(honoursKey(route) ? (['idempotency-conflict', 'idempotency-in-progress'] as const) : []),
  'internal',
  'unavailable',
];
