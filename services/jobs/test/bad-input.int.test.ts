import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Page, Problem, Service } from '@simfleet/contracts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';

const option = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };
const spec = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  serviceRef: { name: 'european-option' },
  parameters: option,
  precision: { metric: 'price', relativeError: '0.01' },
  ...change,
});

/** What, body of POST /v1/jobs, pointer of the mistake, part of its text. */
const mistakes: readonly [string, unknown, string, RegExp][] = [
  ['an unknown member of the body', { spec: spec(), labls: {} }, '/labls', /did you mean "labels"/],
  ['an unknown member of the spec', { spec: spec({ shard: 2 }) }, '/spec/shard', /did you mean "shards"/],
  [
    'an unknown member of the precision',
    { spec: spec({ precision: { metric: 'price', relativeErorr: '0.1' } }) },
    '/spec/precision/relativeErorr',
    /did you mean/,
  ],
  ['a seed that is a number', { spec: spec({ seed: 42 }) }, '/spec/seed', /string/],
  ['a seed over 64 bits', { spec: spec({ seed: '18446744073709551616' }) }, '/spec/seed', /64 bits/],
  ['shards 0', { spec: spec({ shards: 0 }) }, '/spec/shards', /1/],
  ['shards 1e9', { spec: spec({ shards: 1e9 }) }, '/spec/shards', /1000/],
  [
    'a time to live that ends beyond the last date',
    { spec: spec({ ttlSecondsAfterFinished: 8_640_000_000_000 }) },
    '/spec/ttlSecondsAfterFinished',
    /315360000/,
  ],
  [
    'confidence 1.5',
    { spec: spec({ precision: { metric: 'price', relativeError: '0.1', confidence: '1.5' } }) },
    '/spec/precision/confidence',
    /below 1/,
  ],
  [
    'precision of a metric that the service does not have',
    { spec: spec({ precision: { metric: 'prize', relativeError: '0.1' } }) },
    '/spec/precision/metric',
    /did you mean "price"/,
  ],
  [
    'a threshold on such a metric',
    { spec: spec({ thresholds: [{ name: 't', metric: 'x', above: '1' }] }) },
    '/spec/thresholds/0/metric',
    /price/,
  ],
  [
    'two thresholds of one name',
    {
      spec: spec({
        thresholds: [
          { name: 't', metric: 'price', above: '1' },
          { name: 't', metric: 'price', above: '2' },
        ],
      }),
    },
    '/spec/thresholds',
    /different names/,
  ],
  [
    'negative volatility',
    { spec: spec({ parameters: { ...option, volatility: -0.2 } }) },
    '/spec/parameters/volatility',
    />= 0/,
  ],
  [
    'a parameter of a wrong type',
    { spec: spec({ parameters: { ...option, spot: '100' } }) },
    '/spec/parameters/spot',
    /number/,
  ],
  [
    'a missing parameter',
    { spec: spec({ parameters: { ...option, strike: undefined } }) },
    '/spec/parameters/strike',
    /missing/,
  ],
  [
    'a misspelt parameter',
    { spec: spec({ parameters: { ...option, volatilty: 1 } }) },
    '/spec/parameters/volatilty',
    /did you mean "volatility"/,
  ],
  [
    'an unknown service',
    { spec: spec({ serviceRef: { name: 'europaen-option' } }) },
    '/spec/serviceRef/name',
    /did you mean "european-option"/,
  ],
  [
    'a version that the service does not have',
    { spec: spec({ serviceRef: { name: 'european-option', version: 7 } }) },
    '/spec/serviceRef',
    /newest is 1/,
  ],
  ['an unknown customer', { customer: 'nobody', spec: spec() }, '/customer', /no customer "nobody"/],
  ['neither precision nor maxPaths', { spec: spec({ precision: undefined }) }, '/spec/precision', /never end/],
  [
    'a precision for an exact engine',
    {
      spec: spec({
        serviceRef: { name: 'prime-sieve' },
        parameters: { limit: 100 },
        precision: { metric: 'count', absoluteError: '1' },
      }),
    },
    '/spec/precision',
    /exact/,
  ],
  ['a name that is none', { name: 'Über', spec: spec() }, '/name', /lower-case/],
  ['a job that is born cancelled', { spec: spec({ cancelled: true }) }, '/spec/cancelled', /new job/],
  ['a label that is none', { labels: { a: 'ä' }, spec: spec() }, '/labels/a', /label value/],
];

const refusal = async (platform: Platform, body: unknown): Promise<Problem> => {
  const answer = await platform.call('POST', '/v1/jobs', body);
  assert.ok(answer.status === 422 || answer.status === 400, `${answer.status}`);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  return answer.body;
};

test('bad jobs are refused with the name of the field, and nothing is created', async (t) => {
  const platform = await startPlatform(t);
  for (const [what, body, pointer, detail] of mistakes) {
    await t.test(what, async () => {
      const problem = await refusal(platform, body);
      const found = problem.errors.find((each) => each.pointer === pointer);
      assert.match(found?.detail ?? JSON.stringify(problem), detail);
    });
  }
  await t.test('all mistakes at once', async () => {
    const { errors } = await refusal(platform, {
      spec: spec({
        parameters: { ...option, volatility: -1, spot: 'x' },
        precision: { metric: 'prize', relativeError: '1' },
      }),
    });
    assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), [
      '/spec/parameters/spot',
      '/spec/parameters/volatility',
      '/spec/precision/metric',
    ]);
  });
  await t.test('numbers that JSON does not have', async () => {
    const body = JSON.stringify({ spec: spec() });
    assert.equal((await platform.call('POST', '/v1/jobs', body.replace('0.2', 'NaN'))).status, 400);
    const { errors } = await refusal(platform, body.replace('0.2', '1e999'));
    assert.match(errors[0]?.pointer ?? '', /volatility/);
  });
  const { body } = await platform.call<Page<Job>>('GET', '/v1/jobs');
  assert.deepEqual(body.items, []);
});

test('a body of 10 MB is refused before it is read', async (t) => {
  const platform = await startPlatform(t);
  const body = JSON.stringify({ spec: spec({ parameters: { ...option, note: 'x'.repeat(10_000_000) } }) });
  assert.equal((await platform.call('POST', '/v1/jobs', body)).status, 413);
});

test('bad services are refused with the name of the field', async (t) => {
  const platform = await startPlatform(t);
  const pointersOf = async (service: unknown): Promise<readonly string[]> => {
    const answer = await platform.call('POST', '/v1/services', service);
    assert.equal(answer.status, 422);
    return answer.body.errors.map(({ pointer }) => pointer);
  };
  const of = (change: Record<string, unknown>) => ({ name: 'mine', spec: { engine: 'european-option', ...change } });
  assert.deepEqual(await pointersOf(of({ parameters: { type: 'nubmer' } })), ['/spec/parameters']);
  assert.deepEqual(await pointersOf(of({ parameters: { $ref: 'https://example.org/x' } })), ['/spec/parameters/$ref']);
  assert.deepEqual(await pointersOf(of({ engine: 'european-opton' })), ['/spec/engine']);
  assert.deepEqual(await pointersOf(of({ defaults: { volatility: -1, strik: 1 } })), [
    '/spec/defaults/volatility',
    '/spec/defaults/strik',
  ]);
  assert.deepEqual(await pointersOf(of({ image: 'x' })), ['/spec/image']);
  const { body } = await platform.call<Page<Service>>('GET', '/v1/services?limit=1000');
  assert.ok(body.items.every(({ builtIn }) => builtIn));
});

test('the schema of a service narrows that of its engine', async (t) => {
  const platform = await startPlatform(t);
  const parameters = { type: 'object', properties: { strike: { type: 'number', maximum: 50 } } };
  await platform.call('POST', '/v1/services', {
    name: 'cheap',
    spec: { engine: 'european-option', parameters, defaults: option },
  });
  const { errors } = await refusal(platform, { spec: spec({ serviceRef: { name: 'cheap' }, parameters: {} }) });
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/spec/parameters/strike'],
  );
  const job = await createJob(platform, spec({ serviceRef: { name: 'cheap' }, parameters: { strike: 50 } }));
  assert.deepEqual(job.spec.parameters, { strike: 50 });
});

test('lists refuse unknown filters, sorts, limits and cursors of other queries', async (t) => {
  const platform = await startPlatform(t);
  for (let index = 0; index < 3; index++) await createJob(platform, smallSpec());
  const refused = async (query: string): Promise<string> => {
    const { status, body } = await platform.call('GET', `/v1/jobs?${query}`);
    assert.ok(status === 422 || status === 400, `${query}: ${status}`);
    return `${body.code} ${body.errors[0]?.pointer ?? ''}`;
  };
  assert.equal(await refused('stat=Queued'), 'invalid-request #query/stat');
  assert.match(await refused('state=Queud'), /#query\/state/);
  assert.match(await refused('sort=seed'), /#query\/sort/);
  assert.match(await refused('limit=0'), /#query\/limit/);
  assert.match(await refused('label=x'), /#query\/label/);
  const { body } = await platform.call<Page<Job>>('GET', '/v1/jobs?limit=1');
  const cursor = encodeURIComponent(body.next ?? '');
  assert.match(await refused(`limit=1&state=Queued&cursor=${cursor}`), /invalid-cursor/);
  assert.match(await refused(`limit=1&sort=name&cursor=${cursor}`), /invalid-cursor/);
  assert.match(await refused(`limit=1&cursor=${cursor.slice(0, -2)}`), /invalid-cursor/);
});

test('a customer cannot take the name of the platform, nor hold more than its lists can', async (t) => {
  const platform = await startPlatform(t);
  const mistakeOf = async (body: unknown): Promise<string> => {
    const answer = await platform.call('POST', '/v1/customers', body);
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    return answer.body.errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join();
  };
  assert.match(await mistakeOf({ id: 'platform' }), /^\/id .*reserved/);
  const services = Array.from({ length: 1001 }, (_, index) => `s${index}`);
  assert.match(await mistakeOf({ id: 'acme', services }), /^\/services .*1000/);
  const labels = Object.fromEntries(services.slice(0, 65).map((name) => [name, 'x']));
  assert.match(await mistakeOf({ id: 'acme', labels }), /^\/labels .*64/);
  assert.equal((await platform.call('GET', '/v1/customers/acme')).status, 404);

  const { id } = await createJob(platform, smallSpec());
  const half = (first: number) => ({ labels: Object.fromEntries(Object.entries(labels).slice(first, first + 40)) });
  assert.equal((await platform.call('PATCH', `/v1/jobs/${id}`, half(0))).status, 200);
  const tooMany = await platform.call('PATCH', `/v1/jobs/${id}`, half(25));
  assert.deepEqual([tooMany.status, tooMany.body.errors[0]?.pointer], [422, '/labels']);
});
