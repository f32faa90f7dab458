import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { customer as customerShape, job as jobShape, service as serviceShape } from '@simfleet/contracts';
import type { Customer, Job, Page, Problem, Service } from '@simfleet/contracts';
import { idempotencyCollection } from '@simfleet/http';
import type { IdempotencyRecord } from '@simfleet/http';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { temporaryDirectory } from '@simfleet/testing';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { smallEngine } from './support/small-engine.ts';
import { report } from './support/shard.ts';

const mine = (change: Record<string, unknown> = {}) => ({ name: 'mine', spec: { engine: 'small-engine', ...change } });
const namesOf = (page: Page<{ readonly name: string }>): readonly string[] => page.items.map(({ name }) => name);
const codeOf = (answer: { readonly body: unknown }): string => (answer.body as Problem).code;

test('the engines of the platform are in the catalogue from the first start', async (t) => {
  const platform = await startPlatform(t);
  const { body } = await platform.call<Page<Service>>('GET', '/v1/services');
  assert.deepEqual(namesOf(body), ['asian-option', 'european-option', 'prime-sieve', 'small-engine']);
  for (const item of body.items) serviceShape.parse(item);
});

test('a changed spec makes a new version, a changed label does not', async (t) => {
  const platform = await startPlatform(t);
  const created = await platform.call<Service>('POST', '/v1/services', mine());
  assert.deepEqual([created.status, created.body.version], [201, 1]);
  const labelled = await platform.call<Service>('PATCH', '/v1/services/mine', { labels: { desk: 'rates' } });
  assert.deepEqual([labelled.body.version, labelled.body.labels], [1, { desk: 'rates' }]);
  const changed = await platform.call<Service>('PATCH', '/v1/services/mine', { spec: { defaults: { level: 3 } } });
  assert.deepEqual(
    [changed.body.version, changed.body.spec.defaults, changed.body.labels],
    [2, { level: 3 }, { desk: 'rates' }],
  );
  const replaced = await platform.call<Service>('PUT', '/v1/services/mine', { spec: { engine: 'small-engine' } });
  assert.deepEqual([replaced.body.version, replaced.body.spec.defaults, replaced.body.labels], [3, {}, {}]);
  const same = await platform.call<Service>('PUT', '/v1/services/mine', { spec: { engine: 'small-engine' } });
  assert.equal(same.body.version, 3);
  const second = await platform.call<Service>('GET', '/v1/services/mine?version=2');
  assert.deepEqual(second.body.spec.defaults, { level: 3 });
  assert.equal((await platform.call<Service>('GET', '/v1/services/mine/versions/1')).body.version, 1);
  assert.equal((await platform.call('GET', '/v1/services/mine/versions/4')).status, 404);
  const versions = await platform.call<Page<Service>>('GET', '/v1/services/mine/versions');
  assert.deepEqual(
    versions.body.items.map(({ version }) => version),
    [3, 2, 1],
  );
});

test('a job stays on the version that it was created with', async (t) => {
  const platform = await startPlatform(t);
  await platform.call('POST', '/v1/services', mine({ defaults: { spread: 2 } }));
  const job = await createJob(platform, smallSpec({ serviceRef: { name: 'mine' }, parameters: { level: 1 } }));
  await platform.call('PUT', '/v1/services/mine', { spec: { engine: 'small-engine', defaults: { spread: 9 } } });
  const { body } = await report(platform, job.id, await platform.tokenFor(job.id), {
    shard: 0,
    attempt: 1,
    describe: true,
  });
  assert.deepEqual(body.task?.parameters, { level: 1, spread: 2 });
  const older = await createJob(
    platform,
    smallSpec({ serviceRef: { name: 'mine', version: 1 }, parameters: { level: 1 } }),
  );
  assert.equal(older.service.version, 1);
});

test('a service in use cannot be deleted', async (t) => {
  const platform = await startPlatform(t);
  await platform.call('POST', '/v1/services', mine());
  const job = await createJob(platform, smallSpec({ serviceRef: { name: 'mine' } }));
  const refused = await platform.call('DELETE', '/v1/services/mine');
  assert.deepEqual([refused.status, refused.body.code], [409, 'in-use']);
  await platform.call('POST', `/v1/jobs/${job.id}:cancel`);
  assert.equal((await platform.call('DELETE', '/v1/services/mine')).status, 409);
  await platform.call('DELETE', `/v1/jobs/${job.id}`);
  assert.equal((await platform.call('DELETE', '/v1/services/mine')).status, 204);
  assert.equal((await platform.call('GET', '/v1/services/mine/versions/1')).status, 404);
  assert.equal((await platform.call<Service>('POST', '/v1/services', mine())).body.version, 1);
});

/** A store with the pauses of a real disk, in which races happen. */
const slowPlatform = async (t: TestContext): Promise<Platform> => {
  const storage = await openSqliteStorage({ file: `${temporaryDirectory(t).path}/simfleet.db` });
  const platform = await startPlatform(t, { storage });
  t.after(async () => {
    await platform.stop();
    await storage.close();
  });
  return platform;
};

test('while jobs are created, their service is not deleted under them', async (t) => {
  const platform = await slowPlatform(t);
  for (let round = 0; round < 5; round++) {
    const name = `mine-${round}`;
    await platform.call('POST', '/v1/services', { ...mine(), name });
    const create = () => platform.call<Job>('POST', '/v1/jobs', { spec: smallSpec({ serviceRef: { name } }) });
    const before = Array.from({ length: 3 }, create);
    const deletion = platform.call('DELETE', `/v1/services/${name}`);
    const answers = await Promise.all([...before, ...Array.from({ length: 3 }, create)]);
    const created = answers.filter(({ status }) => status === 201).length;
    assert.equal((await deletion).status, created === 0 ? 204 : 409);
  }
});

test('a change that was meant for a deleted service or customer does not hit the next one of its name', async (t) => {
  const platform = await startPlatform(t);
  const make = {
    '/v1/services/mine': () => platform.call('POST', '/v1/services', mine()),
    '/v1/customers/acme': () => platform.call('POST', '/v1/customers', { id: 'acme' }),
  };
  for (const [path, create] of Object.entries(make)) {
    const etag = (await create()).headers.get('etag') ?? '';
    assert.equal((await platform.call('GET', path)).headers.get('etag'), etag);
    await platform.call('DELETE', path);
    await create();
    const stale = await platform.call('PATCH', path, { labels: { a: 'b' } }, { 'if-match': etag });
    assert.equal(stale.status, 412);
    const fresh = (await platform.call('GET', path)).headers.get('etag') ?? '';
    assert.notEqual(fresh, etag);
    assert.equal((await platform.call('PATCH', path, { labels: { a: 'b' } }, { 'if-match': fresh })).status, 200);
  }
});

test('built-in services stay as they are', async (t) => {
  const platform = await startPlatform(t);
  assert.equal(codeOf(await platform.call('DELETE', '/v1/services/prime-sieve')), 'immutable');
  assert.equal(codeOf(await platform.call('PATCH', '/v1/services/prime-sieve', { labels: { a: 'b' } })), 'immutable');
});

test('a new build of an engine makes a new version; jobs of the old build fail', async (t) => {
  const storage = openMemoryStorage();
  const before = await startPlatform(t, { storage, engines: [smallEngine()] });
  const job = await createJob(before, smallSpec());
  await before.stop();
  const platform = await startPlatform(t, { storage, engines: [smallEngine({ kernelHash: 'b'.repeat(64) })] });
  const { body } = await platform.call<Service>('GET', '/v1/services/small-engine');
  assert.deepEqual([body.version, body.kernelHash], [2, 'b'.repeat(64)]);
  const { body: over } = await platform.call<Job>('GET', `/v1/jobs/${job.id}`);
  assert.deepEqual([over.state, over.stopReason], ['Failed', 'EngineUnavailable']);
  const old = await platform.call('POST', '/v1/jobs', {
    spec: smallSpec({ serviceRef: { name: 'small-engine', version: 1 } }),
  });
  assert.equal(old.body.code, 'engine-unavailable');
});

test('a customer runs only the services that it is entitled to', async (t) => {
  const platform = await startPlatform(t);
  const created = await platform.call<Customer>('POST', '/v1/customers', { id: 'acme', services: ['prime-sieve'] });
  customerShape.parse(created.body);
  const services = await platform.call<Page<Service>>('GET', '/v1/customers/acme/services');
  assert.deepEqual(namesOf(services.body), ['prime-sieve']);
  const refused = await platform.call('POST', '/v1/jobs', { customer: 'acme', spec: smallSpec() });
  assert.deepEqual([refused.status, refused.body.errors[0]?.pointer], [403, '/spec/serviceRef/name']);
  await platform.call('PATCH', '/v1/customers/acme', { services: null });
  assert.equal((await platform.call('POST', '/v1/jobs', { customer: 'acme', spec: smallSpec() })).status, 201);
  const all = await platform.call<Page<Service>>('GET', '/v1/customers/acme/services?limit=2');
  assert.equal(all.body.items.length, 2);
  assert.notEqual(all.body.next, null);
});

test('a change of a customer leaves alone what it does not name, its plan among it', async (t) => {
  const platform = await startPlatform(t);
  const made = await platform.call<Customer>('POST', '/v1/customers', {
    id: 'acme',
    plan: 'gold',
    displayName: 'Acme',
  });
  const changed = await platform.call<Customer>('PATCH', '/v1/customers/acme', { labels: { tier: 'one' } });
  assert.deepEqual(changed.body, { ...made.body, labels: { tier: 'one' }, version: 2 });
  const standard = await platform.call<Customer>('POST', '/v1/customers', { id: 'other' });
  assert.equal(standard.body.plan, 'standard');
});

test('a customer with jobs cannot be deleted', async (t) => {
  const platform = await startPlatform(t);
  await platform.call('POST', '/v1/customers', { id: 'acme' });
  assert.equal(codeOf(await platform.call('POST', '/v1/customers', { id: 'acme' })), 'already-exists');
  const { body } = await platform.call<Job>('POST', '/v1/jobs', { customer: 'acme', spec: smallSpec() });
  assert.equal(codeOf(await platform.call('DELETE', '/v1/customers/acme')), 'in-use');
  await platform.call('POST', `/v1/jobs/${body.id}:cancel`);
  await platform.call('DELETE', `/v1/jobs/${body.id}`);
  assert.equal((await platform.call('DELETE', '/v1/customers/acme')).status, 204);
  assert.equal((await platform.call('GET', '/v1/customers/acme')).status, 404);
});

test('names are unique per customer, however many ask at once', async (t) => {
  const platform = await slowPlatform(t);
  await platform.call('POST', '/v1/customers', { id: 'acme' });
  const create = (customer: string) => platform.call('POST', '/v1/jobs', { customer, name: 'same', spec: smallSpec() });
  const answers = await Promise.all([...Array.from({ length: 16 }, () => create('default')), create('acme')]);
  assert.equal(answers.filter(({ status }) => status === 201).length, 2);
  assert.equal(answers.filter(({ status }) => status === 409).length, 15);
});

test('a name that a crash left reserved for a job that does not exist is taken over', async (t) => {
  const platform = await startPlatform(t);
  const names = await platform.storage.collection<{ customer: string; jobId: string }>({
    name: 'job_names',
    fields: {},
    sorts: [],
  });
  await names.insert('default/mine', { customer: 'default', jobId: 'job-that-never-was' });
  const job = await createJob(platform, smallSpec(), 'mine');
  assert.equal((await names.get('default/mine'))?.doc.jobId, job.id);
});

test('a repeated request with the same Idempotency-Key creates one job', async (t) => {
  const platform = await startPlatform(t);
  const headers = { 'idempotency-key': 'k1' };
  const create = (spec: unknown) => platform.call<Job>('POST', '/v1/jobs', { name: 'once', spec }, headers);
  const first = await create(smallSpec());
  const second = await create(smallSpec());
  assert.deepEqual([second.status, second.body.id], [201, first.body.id]);
  assert.equal(codeOf(await create(smallSpec({ seed: '8' }))), 'idempotency-conflict');
  const { body } = await platform.call<Page<Job>>('GET', '/v1/jobs');
  assert.equal(body.items.length, 1);
});

test('a repetition after a crash between effect and answer finds its own job', async (t) => {
  const platform = await startPlatform(t);
  const headers = { 'idempotency-key': 'k1' };
  const create = () => platform.call<Job>('POST', '/v1/jobs', { name: 'once', spec: smallSpec() }, headers);
  const first = await create();
  const records = await platform.storage.collection<IdempotencyRecord>(idempotencyCollection);
  const { rows } = await records.query({ sort: { field: 'expiresAt', direction: 'ascending' }, limit: 10 });
  const [record] = rows;
  if (record === undefined) throw new Error('no record of the key');
  const lost = { ...record.doc, response: null, leaseUntil: record.doc.createdAt, owner: 'a process that died' };
  await records.save(record.id, record.version, lost);
  const second = await create();
  assert.deepEqual([second.status, second.body.id], [201, first.body.id]);
});

const walk = async (platform: Platform, query: string): Promise<readonly Job[]> => {
  const jobs: Job[] = [];
  for (let next: string | null = ''; next !== null;) {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const { body } = await platform.call<Page<Job>>('GET', `/v1/jobs?limit=3&${query}${cursor}`);
    jobs.push(...body.items);
    next = body.next;
  }
  return jobs;
};

test('lists of jobs filter, sort and page', async (t) => {
  const platform = await startPlatform(t);
  const made: Job[] = [];
  for (let index = 0; index < 8; index++) made.push(await createJob(platform, smallSpec(), `job-${(index * 5) % 8}`));
  await platform.call('POST', `/v1/jobs/${made[2]?.id ?? ''}:cancel`);
  for (const item of await walk(platform, '')) jobShape.parse(item);
  assert.deepEqual(
    namesOf({ items: await walk(platform, 'sort=name'), next: null, prev: null }),
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `job-${n}`),
  );
  assert.equal((await walk(platform, 'state=Queued')).length, 7);
  assert.equal((await walk(platform, 'state=Queued&state=Cancelled&service=small-engine')).length, 8);
  assert.deepEqual((await walk(platform, 'name=job-3')).length, 1);
  assert.equal((await walk(platform, 'customer=nobody')).length, 0);
});
