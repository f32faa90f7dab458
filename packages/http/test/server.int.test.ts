import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { SimfleetError, errorTable } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { createMetrics, createTracing, systemClock } from '@simfleet/runtime';
import { silentLogger, until } from '@simfleet/testing';
import { z } from 'zod';
import { tokenAuthorizer, createHttpServer, defineRoute } from '../src/index.ts';
import type { Method, Outcome, Route, RouteRequest } from '../src/index.ts';
import { problemOf, serving, token } from './serving.ts';

type Handle = (request: RouteRequest<undefined, undefined, undefined, undefined>) => Promise<Outcome>;

const route = (method: Method, path: string, handle: Handle, more: Partial<Route> = {}): Route => ({
  method,
  path,
  operationId: `${method} ${path}`,
  tag: 'test',
  summary: 'For tests.',
  action: 'test.act',
  responses: { 200: { description: 'Done.' } },
  request: {},
  handle,
  ...more,
});
const says =
  (text: string): Handle =>
  () =>
    Promise.resolve({ status: 200, body: { said: text } });
const saidBy = async (response: Response): Promise<unknown> => ((await response.json()) as { said: unknown }).said;

const shape = z.strictObject({ spec: z.strictObject({ seed: z.string(), shards: z.int().min(1) }) });
const createRoute = defineRoute({
  method: 'post',
  path: '/v1/jobs',
  operationId: 'createJob',
  tag: 'jobs',
  summary: 'Create',
  action: 'jobs.create',
  request: { body: shape, query: z.strictObject({ dryRun: z.enum(['true', 'false']).optional() }) },
  responses: { 201: { description: 'Created.' } },
  handle: ({ body }) => Promise.resolve({ status: 201, body, headers: { etag: '"1"', location: '/v1/jobs/1' } }),
});

test('paths with custom verbs, ids and literals reach their own routes', async (t) => {
  const { call } = await serving(t, [
    route('get', '/v1/jobs/:id', says('read')),
    route('post', '/v1/jobs/:id\\:suspend', says('suspend')),
    route('post', '/v1/jobs/:id\\:cancel', says('cancel')),
    route('post', '/v1/jobs\\:estimate', says('estimate')),
    route('get', '/v1/jobs/:id/events', says('events')),
    route('get', '/v1/jobs/newest', says('newest')),
    route('get', '/v1/jobs', says('list')),
  ]);
  const post = { method: 'POST' };
  assert.equal(await saidBy(await call('/v1/jobs/7:suspend', post)), 'suspend');
  assert.equal(await saidBy(await call('/v1/jobs/7:cancel', post)), 'cancel');
  assert.equal(await saidBy(await call('/v1/jobs:estimate', post)), 'estimate');
  assert.equal(await saidBy(await call('/v1/jobs/7')), 'read');
  assert.equal(await saidBy(await call('/v1/jobs/newest')), 'newest');
  assert.equal(await saidBy(await call('/v1/jobs')), 'list');
  assert.equal(await saidBy(await call('/v1/jobs/7/events')), 'events');
  assert.equal((await call('/v1/jobs/7:suspnd', post)).status, 404);
  assert.equal((await call('/V1/jobs')).status, 404);
  assert.equal((await call('/v1/jobs/%FF')).status, 404);
});

test('a path that is there with other methods says which', async (t) => {
  const { call } = await serving(t, [
    route('get', '/v1/jobs/:id', says('read')),
    route('delete', '/v1/jobs/:id', says('deleted')),
    route('post', '/v1/jobs/:id\\:suspend', says('suspend')),
  ]);
  const refused = await call('/v1/jobs/7', { method: 'PUT' });
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get('allow'), 'GET, HEAD, DELETE');
  assert.equal((await problemOf(refused)).code, 'method-not-allowed');
  assert.equal((await call('/v1/jobs/7:suspend')).headers.get('allow'), 'POST');
  const asked = await call('/v1/jobs/7', { method: 'OPTIONS' });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get('access-control-allow-origin'), null);
  const head = await call('/v1/jobs/7', { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

test('everything but health needs the token', async (t) => {
  const { call } = await serving(t, [route('get', '/v1/jobs', says('list'))]);
  const open = { headers: { authorization: '' } };
  assert.deepEqual(await (await call('/healthz', open)).json(), { status: 'alive' });
  assert.equal((await call('/readyz', open)).status, 200);
  for (const path of ['/v1/jobs', '/metrics', '/openapi.json', '/docs', '/docs/swagger-ui.css']) {
    for (const authorization of ['', 'Bearer wrong', `Basic ${token}`]) {
      const refused = await call(path, { headers: { authorization } });
      assert.equal(refused.status, 401, `${path} with "${authorization}"`);
      assert.match(refused.headers.get('www-authenticate') ?? '', /Bearer/);
      assert.equal((await problemOf(refused)).code, 'unauthenticated');
    }
    assert.equal((await call(path)).status, 200, path);
  }
});

test('a browser may read the documentation with the token as a password, and nothing else', async (t) => {
  const { call } = await serving(t, [route('get', '/v1/jobs', says('list'))]);
  const asked = await call('/docs', { headers: { authorization: '' } });
  assert.equal(asked.status, 401);
  assert.match(asked.headers.get('www-authenticate') ?? '', /Basic realm=/, 'without it a browser never asks its user');
  const headers = { authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` };
  const page = await call('/docs', { headers });
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self';/);
  const sources = [...(await page.text()).matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => `/${source}`);
  assert.equal(sources.length, 4);
  for (const source of sources) assert.equal((await call(source, { headers })).status, 200, source);
  assert.equal((await call('/docs/index.js', { headers })).status, 404);
  assert.equal((await call('/v1/jobs', { headers })).status, 401);
});

test('what the authorizer does not permit is forbidden, for the action and for the customer', async (t) => {
  const authorizer = {
    ...tokenAuthorizer({ administrator: token }),
    permits: (_: unknown, action: string, customer: string | null) => action === 'test.act' && customer !== 'foreign',
  };
  const { call } = await serving(
    t,
    [
      route('get', '/never', says('never'), { action: 'test.never' }),
      defineRoute({
        ...route('get', '/of/:customer', says('yours')),
        request: { params: z.strictObject({ customer: z.string() }) },
        handle: (request) => {
          request.authorize(request.params.customer);
          return Promise.resolve({ status: 200 });
        },
      }),
    ],
    { authorizer },
  );
  assert.equal((await call('/never')).status, 403);
  assert.equal((await call('/of/mine')).status, 200);
  assert.equal((await problemOf(await call('/of/foreign'))).code, 'forbidden');
});

test('a job route hands its token to the handler and asks nobody else', async (t) => {
  const { call } = await serving(t, [
    route('post', '/reports', ({ token: given, principal }) => says(`${given} of ${principal.kind}`)({} as never), {
      authentication: 'job',
    }),
  ]);
  const said = await saidBy(
    await call('/reports', { method: 'POST', headers: { authorization: 'Bearer job-secret' } }),
  );
  assert.equal(said, 'job-secret of job');
  assert.equal((await call('/reports', { method: 'POST', headers: { authorization: 'x' } })).status, 401);
});

test('every mistake in every part of a request is told at once', async (t) => {
  const { call } = await serving(t, [createRoute]);
  const problem = await problemOf(
    await call('/v1/jobs?dryRun=maybe&dryrn=true', { method: 'POST', json: { spec: { sed: '1', shards: 0 } } }),
  );
  assert.equal(problem.status, 422);
  assert.deepEqual(problem.errors.map(({ pointer }) => pointer).toSorted(), [
    ...['#query/dryRun', '#query/dryrn', '/spec/sed', '/spec/seed', '/spec/shards'],
  ]);
});

test('a route without a query or a body takes none', async (t) => {
  const { call } = await serving(t, [route('post', '/act', says('done'))]);
  assert.equal((await call('/act', { method: 'POST' })).status, 200);
  assert.equal((await call('/act', { method: 'POST', json: {} })).status, 200);
  assert.deepEqual((await problemOf(await call('/act?x=1', { method: 'POST' }))).errors, [
    { pointer: '#query/x', detail: 'is not known here' },
  ]);
  assert.equal((await problemOf(await call('/act', { method: 'POST', json: { x: 1 } }))).errors[0]?.pointer, '/x');
});

const json = { 'content-type': 'application/json' };
const badBodies: readonly (readonly [string, Readonly<Record<string, string>>, Uint8Array | string, ErrorCode])[] = [
  ['no body', json, '', 'invalid-request'],
  ['broken JSON', json, '{"spec":', 'malformed-body'],
  ['bytes that are not UTF-8', json, Uint8Array.of(0x22, 0xff, 0x22), 'malformed-body'],
  ['a body over 1 MiB', json, ' '.repeat(1024 * 1024 + 1), 'body-too-large'],
  ['10 MB', json, new Uint8Array(10_000_000), 'body-too-large'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1', 'unsupported-media-type'],
  ['plain text', { 'content-type': 'text/plain' }, '{}', 'unsupported-media-type'],
  ['another charset', { 'content-type': 'application/json; charset=latin1' }, '{}', 'unsupported-media-type'],
  ['a compressed body', { ...json, 'content-encoding': 'gzip' }, 'x', 'unsupported-media-type'],
];
for (const [name, headers, body, code] of badBodies) {
  test(`${name} is refused as ${code}, and the connection goes on`, async (t) => {
    const { call } = await serving(t, [createRoute]);
    const refused = await call('/v1/jobs', { method: 'POST', headers, body });
    assert.equal(refused.status, errorTable[code].status);
    assert.equal(refused.headers.get('content-type'), 'application/problem+json');
    assert.equal((await problemOf(refused)).code, code);
    const next = await call('/v1/jobs', { method: 'POST', json: { spec: { seed: '1', shards: 1 } } });
    assert.equal(next.status, 201);
  });
}

test('a body of exactly the limit is taken, one byte more is not, announced or not', async (t) => {
  const { call } = await serving(t, [route('post', '/b', says('ok'), { request: { body: z.any() }, bodyLimit: 100 })]);
  const send = (bytes: number, streamed: boolean): Promise<Response> => {
    const body = Buffer.from(JSON.stringify('x'.repeat(bytes - 2)));
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(body);
        controller.close();
      },
    });
    return call('/b', { method: 'POST', headers: json, body: streamed ? stream : body, duplex: 'half' });
  };
  for (const streamed of [false, true]) {
    assert.equal((await send(100, streamed)).status, 200);
    assert.equal((await send(101, streamed)).status, 413);
  }
});

/** Writes raw bytes and answers all that comes back until the server closes. */
const raw = (port: number, bytes: string): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('close', () => resolve(text));
  socket.on('error', reject);
  return promise;
};

test('bytes that are no HTTP get a problem and a closed connection', async (t) => {
  const { port } = await serving(t, []);
  for (const bytes of ['hello\r\n\r\n', 'GET / HTTP/1.1\r\nbad header\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
    const answer = await raw(port, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(bytes));
  }
  assert.match(await raw(port, 'hello\r\n\r\n'), /application\/problem\+json/);
  assert.match(await raw(port, `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
});

test('a body announced as too large is refused before it is sent', async (t) => {
  const { port } = await serving(t, [createRoute]);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const head = `POST /v1/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 99999999\r\n\r\n`;
  socket.write(head);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 413 /);
});

test('a request with two lengths is not smuggled in', async (t) => {
  const { port } = await serving(t, [createRoute]);
  const head = 'POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n';
  assert.match(
    await raw(port, `${head}0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n`),
    /^HTTP\/1\.1 400 (?!.*alive)/s,
  );
});

test('a client that goes away in the middle of its body leaves nothing behind', async (t) => {
  const { port, log, call } = await serving(t, [createRoute]);
  const socket = connect(port, '127.0.0.1', () => {
    const auth = `authorization: Bearer ${token}\r\ncontent-type: application/json`;
    socket.write(`POST /v1/jobs HTTP/1.1\r\nhost: x\r\n${auth}\r\ncontent-length: 100\r\n\r\n{"spec"`, () => {
      socket.destroy();
    });
  });
  await until('the request is logged', () => log.entries().some((entry) => entry.message === 'request'));
  assert.equal(log.entries().filter(({ level }) => level === 'error').length, 0);
  assert.equal((await call('/healthz')).status, 200);
});

test('an unexpected error tells the caller only its request id, and is logged once with its cause', async (t) => {
  const { call, log } = await serving(t, [
    route('get', '/breaks', () => Promise.reject(new Error('the password is hunter2'))),
  ]);
  const response = await call('/breaks', { headers: { 'x-request-id': 'trace-7' } });
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.equal(response.headers.get('x-request-id'), 'trace-7');
  assert.equal((JSON.parse(text) as { instance: string }).instance, 'trace-7');
  assert.doesNotMatch(text, /hunter2|at .*\.ts/);
  const errors = log.entries().filter(({ level }) => level === 'error');
  assert.equal(errors.length, 1);
  assert.equal(errors[0]?.requestId, 'trace-7');
  assert.match(JSON.stringify(errors[0]), /hunter2/);
});

test('each error of the table has its status, and temporary ones say when to come back', async (t) => {
  const { call } = await serving(t, [
    defineRoute({
      ...route('get', '/fail/:code', says('never')),
      request: { params: z.strictObject({ code: z.enum(Object.keys(errorTable) as ErrorCode[]) }) },
      handle: ({ params: { code } }) =>
        Promise.reject(new SimfleetError(code, 'for a test', { mistakes: [{ pointer: '/a', detail: 'b' }] })),
    }),
  ]);
  for (const [code, { status }] of Object.entries(errorTable)) {
    const response = await call(`/fail/${code}`);
    assert.equal(response.status, status, code);
    assert.equal(
      response.headers.has('retry-after'),
      [503, 507].includes(status) || code === 'idempotency-in-progress',
    );
    assert.equal((await problemOf(response)).code, code);
  }
});

test('the log and the metrics hold neither tokens nor cursors nor values of paths', async (t) => {
  const { call, log } = await serving(t, [
    route('get', '/v1/jobs/:id', says('read'), {
      request: { query: z.object({ cursor: z.string(), state: z.string() }) },
    }),
  ]);
  await (await call('/v1/jobs/7?state=Running&cursor=SECRETCURSOR')).text();
  await until('the request is logged', () => log.entries().some(({ message }) => message === 'request'));
  const [entry] = log.entries().filter(({ message }) => message === 'request');
  assert.equal(entry?.url, '/v1/jobs/7?state=Running&cursor=…');
  assert.equal(entry.route, '/v1/jobs/:id');
  assert.equal(entry.principal, 'administrator');
  assert.doesNotMatch(log.lines.join(''), new RegExp(`SECRETCURSOR|${token}`));
  const metrics = await (await call('/metrics')).text();
  assert.match(metrics, /duration_seconds_count\{method="GET",route="\/v1\/jobs\/:id",status="200"\} 1/);
});

test('every answer carries the headers that keep browsers from guessing', async (t) => {
  const { call } = await serving(t, [route('get', '/v1/jobs', says('list'))]);
  for (const path of ['/v1/jobs', '/nothing', '/healthz']) {
    const { headers } = await call(path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-powered-by'), null);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  }
});

test('a part that is not ready makes the process not ready, by name', async (t) => {
  const modules = [{ name: 'storage', ready: false, reason: 'unavailable' }];
  const { call } = await serving(t, [], {
    readiness: () => Promise.resolve({ ready: false, phase: 'running', modules }),
  });
  const response = await call('/readyz');
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { ready: false, phase: 'running', modules });
});

const bare = (routes: readonly Route[] = []) =>
  createHttpServer({
    routes,
    info: { title: '', version: '', description: '' },
    authorizer: tokenAuthorizer({ administrator: token }),
    readiness: () => Promise.reject(new Error('not asked')),
    logger: silentLogger(),
    clock: systemClock,
    metrics: createMetrics(),
    tracing: createTracing(),
    idempotency: null,
  });

test('a port in use is an error that names host and port and what to do', async (t) => {
  const { port } = await serving(t, []);
  await assert.rejects(bare().start({ host: '127.0.0.1', port }), (error: SimfleetError) => {
    assert.equal(error.code, 'port-in-use');
    assert.match(error.detail, new RegExp(`127\\.0\\.0\\.1:${port}.*--port`));
    return true;
  });
});

test('an address of another machine is a mistake in the configuration', async () => {
  await assert.rejects(bare().start({ host: '192.0.2.1', port: 0 }), { code: 'invalid-configuration' });
});

test('two routes of one method and path, or of one name, are refused', () => {
  const one = route('get', '/a', says('a'));
  for (const other of [one, { ...one, path: '/b' }, { ...one, operationId: 'other' }]) {
    assert.throws(() => bare([one, other]), { code: 'internal' });
  }
});

test('a stop lets requests under way finish, takes no new ones, and is the same twice', async (t) => {
  const finish = Promise.withResolvers<undefined>();
  const begun = Promise.withResolvers<undefined>();
  const { server, call } = await serving(t, [
    route('get', '/slow', async ({ signal }) => {
      begun.resolve(undefined);
      await finish.promise;
      return { status: 200, body: { said: `aborted ${signal.aborted}` } };
    }),
  ]);
  const slow = call('/slow');
  await begun.promise;
  const stopped = server.stop();
  assert.equal(server.stop(), stopped);
  await assert.rejects(call('/healthz'));
  finish.resolve(undefined);
  assert.equal(await saidBy(await slow), 'aborted false');
  await stopped;
});

test('a request that does not finish in time is cut off at stop', async (t) => {
  const begun = Promise.withResolvers<AbortSignal>();
  const { server, call } = await serving(
    t,
    [
      route('get', '/hangs', ({ signal }) => {
        begun.resolve(signal);
        return new Promise(() => undefined);
      }),
    ],
    { limits: { drainMs: 50 } },
  );
  const hanging = assert.rejects(call('/hangs'));
  const signal = await begun.promise;
  await server.stop();
  await hanging;
  assert.equal(signal.aborted, true);
});

test('a route that admits its callers itself refuses them before a byte of the body is read', async (t) => {
  const admitted: unknown[] = [];
  const report = defineRoute({
    method: 'post',
    path: '/v1/jobs/:id/reports',
    operationId: 'report',
    summary: 'Report',
    tag: 'shards',
    action: 'jobs.report',
    authentication: 'job',
    request: { params: z.object({ id: z.string() }), body: z.unknown() },
    responses: { 200: { description: 'Fine.' } },
    admit: async ({ params, token: given }) => {
      admitted.push([params['id'], given]);
      if (given !== 'right') throw new SimfleetError('unauthenticated', 'the token is wrong');
    },
    handle: async ({ body }) => ({ status: 200, body }),
  });
  const { url } = await serving(t, [report]);
  const post = (bearer: string, body: string) =>
    fetch(`${url}/v1/jobs/7/reports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body,
    });
  assert.equal((await post('wrong', 'no JSON at all')).status, 401);
  assert.equal((await post('right', 'no JSON at all')).status, 400);
  assert.equal((await post('right', '{}')).status, 200);
  assert.deepEqual(admitted, [
    ['7', 'wrong'],
    ['7', 'right'],
    ['7', 'right'],
  ]);
});
