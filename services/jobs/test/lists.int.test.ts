import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Page, Problem } from '@simfleet/contracts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';

interface Described {
  readonly paths: Readonly<
    Record<string, { readonly get?: { readonly parameters: readonly { readonly name: string }[] } }>
  >;
}

const lists = [
  '/v1/jobs',
  '/v1/rate-limit-policies',
  '/v1/services',
  '/v1/services/{name}/versions',
  '/v1/customers',
  '/v1/customers/{id}/services',
];
/** Dead letters are the bus's, which counts none and sorts by time alone: pages by cursor only. */
const byCursorOnly = ['/v1/events/dead'];
const shared = ['limit', 'cursor', 'page', 'pageSize', 'total', 'sort'];

test('every list takes the same parameters, described and served', async (t) => {
  const platform = await startPlatform(t);
  const { body: api } = await platform.call<Described>('GET', '/openapi.json');
  const offering = Object.entries(api.paths).flatMap(([path, { get }]) =>
    get?.parameters.some(({ name }) => name === 'cursor') === true ? [path] : [],
  );
  assert.deepEqual(offering.sort(), [...lists, ...byCursorOnly].sort());
  for (const list of lists) {
    const names = api.paths[list]?.get?.parameters.map(({ name }) => name) ?? [];
    assert.deepEqual(
      shared.filter((name) => !names.includes(name)),
      [],
      list,
    );
    const path = list.replace('{name}', 'small-engine').replace('{id}', 'default');
    const { status, body, headers } = await platform.call<Page<unknown>>(
      'GET',
      `${path}?page=1&pageSize=1&total=exact`,
    );
    assert.equal(status, 200, path);
    const { page, pageSize, total, items } = body;
    assert.deepEqual([page, pageSize, total?.exact], [1, 1, true], path);
    assert.equal(items.length, Math.min(1, total?.count ?? 0), path);
    assert.equal(headers.has('link'), (total?.count ?? 0) > 1, path);
    const past = await platform.call<Page<unknown>>('GET', `${path}?page=100&total=capped`);
    assert.deepEqual([past.status, past.body.items, past.body.total], [200, [], total], path);
    const wrong = await platform.call<Problem>('GET', `${path}?page=0&total=all`);
    assert.equal(wrong.status, 422, path);
    assert.deepEqual(
      wrong.body.errors?.map(({ pointer }) => pointer),
      ['#query/page', '#query/total'],
      path,
    );
  }
});

test('a parameter that is given twice is told as that', async (t) => {
  const platform = await startPlatform(t);
  const twice = {
    limit: '1',
    cursor: 'a',
    page: '1',
    pageSize: '1',
    total: 'exact',
    sort: 'name',
    customer: 'a',
    name: 'a',
    service: 'a',
  };
  for (const [name, value] of Object.entries(twice)) {
    const { status, body } = await platform.call<Problem>('GET', `/v1/jobs?${name}=${value}&${name}=${value}`);
    assert.deepEqual([status, body.errors], [422, [{ pointer: `#query/${name}`, detail: 'must be given once' }]]);
  }
});

test('numbered pages narrow and sort like those with cursors', async (t) => {
  const platform = await startPlatform(t);
  for (const name of ['a', 'b', 'c']) await createJob(platform, smallSpec(), name);
  await platform.call('POST', `/v1/jobs/${(await createJob(platform, smallSpec(), 'd')).id}:cancel`, {});
  const { body } = await platform.call<Page<Job>>(
    'GET',
    '/v1/jobs?state=Queued&sort=name&page=2&pageSize=2&total=exact',
  );
  assert.deepEqual([body.items.map(({ name }) => name), body.total], [['c'], { count: 3, exact: true }]);
});

test('a walk goes on when a version is made, or the services of a customer change, meanwhile', async (t) => {
  const platform = await startPlatform(t);
  const describe = (description: string) => platform.call('PATCH', '/v1/services/own', { spec: { description } });
  for (const name of ['own', 'other'])
    await platform.call('POST', '/v1/services', { name, spec: { engine: 'small-engine' } });
  for (const text of ['second', 'third']) await describe(text);
  const newest = await platform.call<Page<{ version: number }>>('GET', '/v1/services/own/versions?limit=1');
  assert.equal((await describe('fourth')).status, 200);
  const before = await platform.call<Page<{ version: number }>>(
    'GET',
    `/v1/services/own/versions?limit=1&cursor=${newest.body.next}`,
  );
  assert.deepEqual([newest.body.items[0]?.version, before.body.items[0]?.version], [3, 2]);

  const may = (services: readonly string[]) => platform.call('PATCH', '/v1/customers/default', { services });
  await may(['own', 'other']);
  const first = await platform.call<Page<{ name: string }>>('GET', '/v1/customers/default/services?limit=1');
  await may(['own', 'small-engine']);
  const rest = await platform.call<Page<{ name: string }>>(
    'GET',
    `/v1/customers/default/services?cursor=${first.body.next}`,
  );
  assert.deepEqual(
    [first.body.items, rest.body.items].map((items) => items.map(({ name }) => name)),
    [['other'], ['own', 'small-engine']],
  );
});
