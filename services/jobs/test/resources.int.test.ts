import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { EventData, Job, Page, Problem } from '@simfleet/contracts';
import { fakeClock, until } from '@simfleet/testing';
import { answerAsOperator, aResource, asOperator, operator, operatorToken } from './support/operator.ts';
import { smallSpec, startPlatform } from './support/platform.ts';
import type { Platform, PlatformOptions } from './support/platform.ts';
import { openShard, work } from './support/shard.ts';

const start = (test: TestContext, options: PlatformOptions = {}): Promise<Platform> =>
  startPlatform(test, { ...options, users: { [operatorToken]: operator } });

const creation = (change: Record<string, unknown> = {}, resource = aResource()) => ({
  name: resource.name,
  spec: smallSpec(change),
  resource,
});

const born = async (platform: Platform, change: Record<string, unknown> = {}): Promise<Job> => {
  const { status, body } = await asOperator(platform)('POST', '/v1/jobs', creation(change));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};

const refusal = ({ status, body }: { status: number; body: unknown }): readonly unknown[] => [
  status,
  (body as Problem).code,
];
const owned = [409, 'owned-by-resource'];

test('a job of a resource tells where it came from, and its id is that of the resource', async (t) => {
  const platform = await start(t);
  const seen: EventData<'dev.simfleet.job.changed.v1'>[] = [];
  await platform.bus.consume({
    name: 'test',
    types: ['dev.simfleet.job.changed.v1'],
    handle: async ({ data }) => void seen.push(data),
  });
  const job = await born(platform);
  assert.equal(job.id, `job-${aResource().uid}`);
  assert.deepEqual([job.origin, job.resource, job.run, job.createdBy], ['kubernetes', aResource(), 1, 'operator']);
  await until('the event of the job', () => seen.length > 0);
  const [{ origin, resource, engine }] = seen as [EventData<'dev.simfleet.job.changed.v1'>];
  assert.deepEqual([origin, resource, engine], ['kubernetes', aResource(), 'small-engine']);
});

test('a resource has one job, however often and at once it is asked for', async (t) => {
  const platform = await start(t);
  const ask = () => asOperator(platform)('POST', '/v1/jobs', creation());
  const answers = await Promise.all([ask(), ask(), ask()]);
  answers.push(await ask());
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.id]),
    answers.map(() => [201, `job-${aResource().uid}`]),
  );
  const { items } = (await platform.call<Page<Job>>('GET', '/v1/jobs')).body;
  assert.equal(items.length, 1);
});

test('a resource whose spec changed since is not taken for the job that it has', async (t) => {
  const platform = await start(t);
  await born(platform);
  for (const other of [creation({ shards: 3 }), { ...creation(), labels: { team: 'desk' } }])
    assert.deepEqual(refusal(await asOperator(platform)('POST', '/v1/jobs', other)), [409, 'version-conflict']);
});

test('nobody but the operator says which resource a job comes from', async (t) => {
  const platform = await start(t);
  assert.deepEqual(refusal(await platform.call('POST', '/v1/jobs', creation())), [403, 'forbidden']);
  const { id } = await born(platform);
  assert.deepEqual(refusal(await platform.call('PATCH', `/v1/jobs/${id}`, { resource: null })), [403, 'forbidden']);
});

test('the operator may create and change jobs, and nothing else of them', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform);
  const call = asOperator(platform);
  assert.equal((await call('PATCH', `/v1/jobs/${id}`, { spec: { shards: 2 } })).body.spec.shards, 2);
  for (const [method, path, body] of [
    ['DELETE', `/v1/jobs/${id}`],
    ['POST', `/v1/jobs/${id}:cancel`],
    ['POST', '/v1/customers', { id: 'x' }],
    ['GET', '/v1/events/dead'],
  ] as const)
    assert.deepEqual(refusal(await call(method, path, body)), [403, 'forbidden'], `${method} ${path}`);
});

test('the job of a resource is changed and deleted through the resource only', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform);
  for (const change of [{ spec: { shards: 2 } }, { labels: { a: 'b' } }, { spec: { cancelled: true } }])
    assert.deepEqual(refusal(await platform.call('PATCH', `/v1/jobs/${id}`, change)), owned);
  await asOperator(platform)('PATCH', `/v1/jobs/${id}`, { spec: { cancelled: true } });
  assert.deepEqual(refusal(await platform.call('DELETE', `/v1/jobs/${id}`)), owned);
  const gone = await asOperator(platform)('PATCH', `/v1/jobs/${id}`, { resource: null });
  assert.deepEqual([gone.body.resource, gone.body.origin, gone.body.state], [null, 'kubernetes', 'Cancelled']);
  assert.equal((await platform.call('DELETE', `/v1/jobs/${id}`)).status, 204);
});

test('a person steers the job of a resource through the operator', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform, { maxPaths: '1000' });
  const asked = await answerAsOperator(platform, platform.bus, id);
  const act = async (verb: string, body?: unknown) =>
    (await platform.call<Job>('POST', `/v1/jobs/${id}:${verb}`, body)).body;
  assert.equal((await act('suspend')).state, 'Suspended');
  assert.equal((await act('suspend')).state, 'Suspended');
  assert.equal((await act('resume')).state, 'Queued');
  assert.equal((await act('extend', { maxPaths: '3050' })).spec.maxPaths, '3050');
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  const extended = await act('extend', { maxPaths: '4000' });
  assert.deepEqual([extended.state, extended.run, extended.spec.maxPaths], ['Queued', 3, '4000']);
  assert.equal((await act('cancel')).state, 'Cancelled');
  assert.deepEqual(
    asked.map(({ patch }) => patch),
    [{ suspend: true }, { suspend: false }, { maxPaths: '3050' }, { maxPaths: '4000' }, { cancelled: true }],
  );
  assert.ok(asked.every(({ resource }) => resource.uid === aResource().uid));
  assert.equal((await act('cancel')).state, 'Cancelled');
  assert.deepEqual(refusal(await platform.call('POST', `/v1/jobs/${id}:suspend`)), [409, 'job-over']);
});

test('a tighter precision goes to the resource whole', async (t) => {
  const platform = await start(t);
  const precision = { metric: 'price', relativeError: '0.1', confidence: '0.9' };
  const { id } = await born(platform, { precision });
  const asked = await answerAsOperator(platform, platform.bus, id);
  const { body } = await platform.call<Job>('POST', `/v1/jobs/${id}:extend`, { relativeError: '0.05' });
  assert.equal(body.spec.precision?.relativeError, '0.05');
  assert.deepEqual(asked[0]?.patch, { precision: { ...precision, relativeError: '0.05' } });
});

test('without an operator steering is not available, and what it refuses is told', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform);
  assert.deepEqual(refusal(await platform.call('POST', `/v1/jobs/${id}:suspend`)), [503, 'unavailable']);
  await platform.bus.answer('operator.patch-resource', async () => ({
    accepted: false,
    message: 'it is being deleted',
  }));
  const refused = await platform.call('POST', `/v1/jobs/${id}:cancel`);
  assert.deepEqual(refusal(refused), owned);
  assert.match(refused.body.detail ?? '', /quant\/asian-call: it is being deleted/);
  const stale = await platform.call('POST', `/v1/jobs/${id}:cancel`, undefined, { 'if-match': '"99"' });
  assert.deepEqual(refusal(stale), [412, 'precondition-failed']);
});

test('a resource that comes back under its name gets a job of its own, beside the result of the earlier one', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform);
  const again = aResource({ uid: '0d7f30aa-1111-4222-8333-944445555666' });
  const taken = await asOperator(platform)('POST', '/v1/jobs', creation({}, again));
  assert.deepEqual(refusal(taken), [409, 'already-exists']);
  await asOperator(platform)('PATCH', `/v1/jobs/${id}`, { spec: { cancelled: true }, resource: null });
  for (let round = 0; round < 2; round++) {
    const { status, body } = await asOperator(platform)('POST', '/v1/jobs', creation({}, again));
    assert.deepEqual([status, body.name, body.resource?.name], [201, 'asian-call-0d7f30aa', 'asian-call']);
  }
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${id}`)).body.name, 'asian-call');
});

test('an extension of a job whose resource is gone is refused: nothing would run it', async (t) => {
  const platform = await start(t);
  const { id } = await born(platform, { maxPaths: '1000' });
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  await asOperator(platform)('PATCH', `/v1/jobs/${id}`, { resource: null });
  assert.deepEqual(refusal(await platform.call('POST', `/v1/jobs/${id}:extend`, { maxPaths: '2000' })), owned);
  assert.equal((await platform.call('PATCH', `/v1/jobs/${id}`, { labels: { kept: 'yes' } })).status, 200);
});

test('the time to live of a resource leaves the result where it is', async (t) => {
  const clock = fakeClock();
  const platform = await start(t, { clock });
  const { id } = await born(platform, { ttlSecondsAfterFinished: 0, maxPaths: '1000' });
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  await clock.advance(60_000);
  const { body } = await platform.call<Job>('GET', `/v1/jobs/${id}`);
  assert.deepEqual([body.state, body.stopReason], ['Succeeded', 'Completed']);
  await asOperator(platform)('PATCH', `/v1/jobs/${id}`, { resource: null });
  await clock.advance(60_000);
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${id}`)).status, 200);
});
