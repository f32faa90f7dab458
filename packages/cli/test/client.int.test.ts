import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { errorTable } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { temporaryDirectory } from '@simfleet/testing';
import { aJob } from './support/builders.ts';
import { simfleet } from './support/terminal.ts';

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cut the connection instead of answering. */
  readonly cut?: boolean;
}
interface Asked {
  readonly what: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

const problem = (code: ErrorCode, detail: string, errors: readonly object[] = []): Answer => {
  const { status, title } = errorTable[code];
  return {
    status,
    body: { type: 'about:blank', title, status, detail, instance: 'request-7', code, retryable: false, errors },
  };
};

/** A platform that gives prepared answers in turn, the last one again and again, and remembers what it was asked. */
const platform = async (t: TestContext, answers: readonly Answer[]) => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? {};
      asked.push({
        what: `${request.method} ${request.url}`,
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      });
      if (answer.cut === true) return response.destroy();
      response
        .writeHead(answer.status ?? 200, answer.headers ?? {})
        .end(answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, env: { SIMFLEET_URL: url, SIMFLEET_TOKEN: 'secret' } };
};

const none = { items: [], next: null, prev: null };
const manifest = `apiVersion: simfleet.dev/v1alpha1
kind: SimulationJob
metadata: {name: asian-call, labels: {desk: rates}}
spec:
  serviceRef: {name: asian-option}
  parameters: {volatility: -1}
  maxPaths: "1000"
`;
const apply = (env: Record<string, string>) => simfleet(['apply', '-f', '-'], { env, input: manifest });

test('mistakes that the platform finds are told with the place in the file', async (t) => {
  const { env, asked } = await platform(t, [
    { body: none },
    problem('invalid-request', 'the job has mistakes', [
      { pointer: '/spec/parameters/volatility', detail: 'must be at least 0' },
      { pointer: '/labels/desk', detail: 'is not yours' },
      { pointer: '/spec/parameters/strike', detail: 'is missing' },
    ]),
  ]);
  const { exit, stdout, stderr } = await apply(env);
  assert.deepEqual([exit, stdout], [2, '']);
  assert.equal(
    stderr,
    `simfleet: standard input:3:39: metadata.labels.desk: is not yours
standard input:6:3: spec.parameters.strike: is missing
standard input:6:16: spec.parameters.volatility: must be at least 0
`,
  );
  assert.equal(asked[1]?.headers.authorization, 'Bearer secret');
});

test('other problems are told with what to do and the request id of our own faults', async (t) => {
  const cases: readonly (readonly [ErrorCode, number, RegExp])[] = [
    ['unauthenticated', 6, /^simfleet: told\nSet SIMFLEET_TOKEN or run `simfleet login <address>`\.\n$/],
    ['forbidden', 6, /^simfleet: told\n$/],
    ['in-use', 4, /^simfleet: told\n$/],
    ['internal', 1, /^simfleet: told \(request request-7\)\n$/],
    ['storage-full', 5, /^simfleet: told\n$/],
  ];
  for (const [code, expected, message] of cases) {
    const { env } = await platform(t, [problem(code, 'told')]);
    const { exit, stderr } = await simfleet(['get', 'jobs'], { env });
    assert.equal(exit, expected);
    assert.match(stderr, message);
  }
});

test('a mistake in the query is told by its name', async (t) => {
  const { env } = await platform(t, [
    problem('invalid-request', 'told', [{ pointer: '#query/sort', detail: 'must be name' }]),
    problem('invalid-request', '#query/sort: must be name', [{ pointer: '#query/sort', detail: 'must be name' }]),
  ]);
  assert.match((await simfleet(['get', 'jobs', '--sort', 'x'], { env })).stderr, /\n  query\/sort: must be name\n/);
  // A detail that only repeats its one mistake is told once.
  assert.equal(
    (await simfleet(['get', 'jobs', '--sort', 'x'], { env })).stderr,
    'simfleet: query/sort: must be name\n',
  );
});

test('something that is no platform is told apart from one', async (t) => {
  const { env } = await platform(t, [{ status: 502, body: { oops: true } }]);
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env });
  assert.equal(exit, 5);
  assert.match(stderr, /the platform answered with status 502/);
});

test('a creation is repeated under the same Idempotency-Key when the line is cut or the platform is starting', async (t) => {
  const { env, asked } = await platform(t, [
    { body: none },
    { cut: true },
    { ...problem('unavailable', 'starting'), headers: { 'retry-after': '1' } },
    { status: 201, body: aJob() },
  ]);
  const { exit, stdout } = await apply(env);
  assert.deepEqual([exit, stdout], [0, 'SimulationJob asian-call created\n']);
  const posts = asked.filter(({ what }) => what === 'POST /v1/jobs');
  assert.equal(posts.length, 3);
  assert.equal(new Set(posts.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.deepEqual(new Set(posts.map(({ body }) => JSON.stringify(body))).size, 1);
});

test('a limit that opens again soon is waited for; of a longer wait the person is told, and nothing is asked earlier', async (t) => {
  const limited = (seconds: string): Answer => ({
    ...problem('quota-exceeded', `the limit "job-submission" (100 in 60 s) is reached: try again in ${seconds} s`),
    headers: { 'retry-after': seconds },
  });
  const soon = await platform(t, [{ body: none }, limited('1'), { status: 201, body: aJob() }]);
  assert.equal((await apply(soon.env)).exit, 0);
  const late = await platform(t, [{ body: none }, limited('37')]);
  const { exit, stderr } = await apply(late.env);
  assert.equal(exit, 5);
  assert.equal(stderr, 'simfleet: the limit "job-submission" (100 in 60 s) is reached: try again in 37 s\n');
  assert.equal(late.asked.filter(({ what }) => what === 'POST /v1/jobs').length, 1);
});

test('what must not be done twice is not repeated', async (t) => {
  const { env, asked } = await platform(t, [{ body: { ...none, items: [aJob()] } }, { cut: true }]);
  const { exit, stderr } = await simfleet(['cancel', 'asian-call'], { env });
  assert.equal(exit, 5);
  assert.match(stderr, /cannot be reached: the connection was cut/);
  assert.equal(asked.filter(({ what }) => what.startsWith('POST')).length, 1);
});

test('lists follow the cursor up to the limit', async (t) => {
  const page = (name: string, next: string | null): Answer => ({ body: { items: [aJob({ name })], next, prev: null } });
  const answers = [page('a', 'c1'), page('b', 'c2'), page('c', null)];
  const all = await platform(t, answers);
  const words = ['get', 'jobs', '-o', 'name', '--state', 'Running', '-l', 'a=b', '-l', 'c=d'];
  assert.equal((await simfleet(words, { env: all.env })).stdout, 'a\nb\nc\n');
  assert.deepEqual(
    all.asked.map(({ what }) => what),
    [
      'GET /v1/jobs?customer=default&state=Running&label=a%3Db&label=c%3Dd&limit=100',
      'GET /v1/jobs?customer=default&state=Running&label=a%3Db&label=c%3Dd&limit=99&cursor=c1',
      'GET /v1/jobs?customer=default&state=Running&label=a%3Db&label=c%3Dd&limit=98&cursor=c2',
    ],
  );
  const some = await platform(t, answers);
  const { stdout, stderr } = await simfleet(['get', 'jobs', '--limit', '2'], { env: some.env });
  assert.match(stdout, /^NAME.*\na .*\nb .*\n$/);
  assert.equal(stderr, 'there are more: raise --limit 2\n');
});

test('a numbered page is one request, and tells what it shows of how many', async (t) => {
  const total = { count: 1000, exact: false };
  const body = { items: [aJob({ name: 'c' }), aJob({ name: 'd' })], next: 'x', prev: 'y', page: 2, pageSize: 2, total };
  const { env, asked } = await platform(t, [{ body }, { body }]);
  const words = ['get', 'jobs', '--page', '2', '--page-size', '2', '--total', 'capped'];
  const { exit, stdout, stderr } = await simfleet(words, { env });
  assert.deepEqual([exit, stderr], [0, 'showing 3–4 of 1,000+; go on with --page 3\n']);
  assert.match(stdout, /^NAME.*\nc .*\nd .*\n$/);
  const document = JSON.parse((await simfleet([...words, '-o', 'json'], { env })).stdout) as Record<string, unknown>;
  assert.deepEqual({ ...document, items: [] }, { items: [], page: 2, pageSize: 2, total });
  assert.deepEqual(
    new Set(asked.map(({ what }) => what)),
    new Set(['GET /v1/jobs?customer=default&total=capped&page=2&pageSize=2']),
  );
});

test('a total is asked for once, however many pages follow', async (t) => {
  const items = [aJob()];
  const total = { count: 2, exact: true };
  const { env, asked } = await platform(t, [
    { body: { items, next: 'c1', prev: null, total } },
    { body: { items, next: null, prev: 'p' } },
  ]);
  const { stderr } = await simfleet(['get', 'jobs', '--total', 'exact'], { env });
  assert.equal(stderr, 'showing 1–2 of 2\n');
  assert.deepEqual(
    asked.map(({ what }) => what.includes('total=exact')),
    [true, false],
  );
});

test('a wrong name is answered with the nearest one', async (t) => {
  const { env } = await platform(t, [{ body: none }, { body: { ...none, items: [aJob()] } }]);
  const { exit, stderr } = await simfleet(['result', 'asian-cal'], { env });
  assert.equal(exit, 3);
  assert.equal(stderr, 'simfleet: customer "default" has no job "asian-cal"; did you mean "asian-call"?\n');
});

test('nobody listening is told as such', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env: { SIMFLEET_URL: url, SIMFLEET_TOKEN: 'secret' } });
  assert.equal(exit, 5);
  assert.equal(stderr, `simfleet: the platform at ${url} cannot be reached: nothing listens there\n`);
});

test('login keeps a token that works, for its owner alone, and commands use it', async (t) => {
  const { path: home } = temporaryDirectory(t);
  const { url, asked } = await platform(t, [{ body: none }]);
  const login = await simfleet(['login', `${url}/`], { home, input: 'my-token\n' });
  assert.deepEqual([login.exit, login.stderr], [0, '']);
  const file = join(home, '.config/simfleet/credentials.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await simfleet(['get', 'jobs', '--url', url], { home })).exit, 0);
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    ['Bearer my-token', 'Bearer my-token'],
  );
  assert.equal((await simfleet(['login', url, '--forget'], { home })).exit, 0);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {});
});

test('a token that the platform refuses is not kept', async (t) => {
  const { path: home } = temporaryDirectory(t);
  const { url } = await platform(t, [problem('unauthenticated', 'The token is wrong.')]);
  const { exit } = await simfleet(['login', url], { home, input: 'wrong' });
  assert.equal(exit, 6);
  assert.throws(() => statSync(join(home, '.config')));
});

test('credentials that others may read are not used', async (t) => {
  const { path } = temporaryDirectory(t);
  mkdirSync(join(path, 'simfleet'));
  const file = join(path, 'simfleet/credentials.json');
  writeFileSync(file, '{"http://127.0.0.1:1":{"token":"a"}}');
  chmodSync(file, 0o644);
  const env = { SIMFLEET_URL: 'http://127.0.0.1:1', XDG_CONFIG_HOME: path };
  const { exit, stderr } = await simfleet(['get', 'jobs'], { env });
  assert.equal(exit, 2);
  assert.match(stderr, /credentials\.json is readable by others: run `chmod 600 /);
});

test('a token is not sent in the clear without a warning', async (t) => {
  const { path: home } = temporaryDirectory(t);
  const { stderr } = await simfleet(['login', 'http://simfleet.invalid'], { home, input: 'a' });
  assert.match(stderr, /warning: http:\/\/simfleet\.invalid is not https: the token travels readable/);
});
