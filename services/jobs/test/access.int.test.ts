import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Customer, Job, Page } from '@simfleet/contracts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';

const users = { 'token-of-ann': { id: 'ann', kind: 'user', customers: ['acme'] } } as const;
const ann = { authorization: 'Bearer token-of-ann' };

test('a user sees and steers only the jobs of her customers', async (t) => {
  const platform = await startPlatform(t, { users });
  await platform.call('POST', '/v1/customers', { id: 'acme' });
  const foreign = await createJob(platform, smallSpec());
  const own = await platform.call<Job>('POST', '/v1/jobs', { customer: 'acme', spec: smallSpec() }, ann);
  assert.deepEqual([own.status, own.body.createdBy], [201, 'ann']);
  const list = await platform.call<Page<Job>>('GET', '/v1/jobs', undefined, ann);
  assert.deepEqual(
    list.body.items.map(({ id }) => id),
    [own.body.id],
  );
  const all = await platform.call<Page<Job>>('GET', '/v1/jobs?customer=default', undefined, ann);
  assert.deepEqual(all.body.items, []);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/result'],
    ['GET', '/events'],
    ['GET', '/logs'],
    ['POST', ':cancel'],
    ['POST', ':suspend'],
    ['DELETE', ''],
  ] as const) {
    const answer = await platform.call(method, `/v1/jobs/${foreign.id}${path}`, undefined, ann);
    assert.equal(answer.status, 404, `${method} ${path}`);
  }
  assert.equal((await platform.call('POST', `/v1/jobs/${foreign.id}:extend`, { maxPaths: '9999' }, ann)).status, 404);
  assert.equal((await platform.call('PATCH', `/v1/jobs/${foreign.id}`, { labels: { a: 'b' } }, ann)).status, 404);
  assert.equal((await platform.call('POST', '/v1/jobs', { spec: smallSpec() }, ann)).status, 403);
  assert.equal((await platform.call('POST', '/v1/jobs:estimate', { spec: smallSpec() }, ann)).status, 403);
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${foreign.id}`)).body.state, 'Queued');
});

test('a user reads the catalogue and her customer, and changes neither others nor the catalogue', async (t) => {
  const platform = await startPlatform(t, { users });
  await platform.call('POST', '/v1/customers', { id: 'acme' });
  const customers = await platform.call<Page<Customer>>('GET', '/v1/customers', undefined, ann);
  assert.deepEqual(
    customers.body.items.map(({ id }) => id),
    ['acme'],
  );
  assert.equal((await platform.call('GET', '/v1/customers/default', undefined, ann)).status, 403);
  assert.equal((await platform.call('GET', '/v1/services', undefined, ann)).status, 200);
  const service = { name: 'mine', spec: { engine: 'small-engine' } };
  assert.equal((await platform.call('POST', '/v1/services', service, ann)).status, 403);
  assert.equal((await platform.call('DELETE', '/v1/services/small-engine', undefined, ann)).status, 403);
});

test('every route but health needs a token', async (t) => {
  const platform = await startPlatform(t);
  const nobody = { authorization: '' };
  for (const path of [
    '/v1/jobs',
    '/v1/jobs/x',
    '/v1/services',
    '/v1/customers',
    '/v1/jobs/x/events',
    '/v1/jobs/x/result',
  ]) {
    assert.equal((await platform.call('GET', path, undefined, nobody)).status, 401, path);
  }
  assert.equal((await platform.call('GET', '/healthz', undefined, nobody)).status, 200);
});
