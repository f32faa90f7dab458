import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { operationIds, rateLimitPolicy } from '@simfleet/contracts';
import type { Customer, Job, Page, Principal, Problem, RateLimitPolicy } from '@simfleet/contracts';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, until } from '@simfleet/testing';
import { policiesCollection } from '../src/limits/policy-document.ts';
import type { PolicyDocument } from '../src/limits/policy-document.ts';
import { startFleet } from './support/fleet.ts';
import { smallSpec, startPlatform } from './support/platform.ts';
import type { Platform, PlatformOptions } from './support/platform.ts';

const users: Readonly<Record<string, Principal>> = {
  ann: { id: 'ann', kind: 'user', customers: ['default'] },
  bob: { id: 'bob', kind: 'user', customers: ['default'] },
};
const as = (who: string): Record<string, string> => ({ authorization: `Bearer ${who}` });
const path = '/v1/rate-limit-policies';

/** The platform at its own time, the limits at one that stands still. */
const scene = async (t: TestContext, options: PlatformOptions = {}) => {
  const clock = fakeClock();
  const limiter = openMemoryLimiterStore({ clock });
  return { clock, limiter, platform: await startPlatform(t, { users, limiter, ...options }) };
};

const submit = (platform: Platform, who: string, headers: Record<string, string> = {}) =>
  platform.call<Job & Problem>('POST', '/v1/jobs', { spec: smallSpec() }, { ...as(who), ...headers });

const calls = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'calls',
  measure: 'requests',
  per: 'user',
  operations: ['listServices'],
  rule: { algorithm: 'sliding-log', limit: 2, windowSeconds: 60 },
  ...change,
});

const ask = async (platform: Platform, who = 'ann'): Promise<number> =>
  (await platform.call('GET', '/v1/services', undefined, as(who))).status;

test('of more than a hundred jobs that a user creates at once in a minute, exactly a hundred are', async (t) => {
  const { platform, clock } = await scene(t);
  const answers = await Promise.all(Array.from({ length: 110 }, () => submit(platform, 'ann')));
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(answers.filter(({ status }) => status === 201).length, 100);
  assert.equal(refused.length, 10);
  for (const { headers, body } of refused) {
    assert.equal(headers.get('retry-after'), '60');
    assert.equal(body.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded');
    assert.deepEqual(body['violated-policies'], ['job-submission']);
    assert.match(headers.get('ratelimit') ?? '', /"job-submission";r=0;t=60;pk=/);
    assert.match(headers.get('ratelimit-policy') ?? '', /"job-submission";q=100;w=60;pk=/);
  }
  const { body } = await platform.call<Page<Job>>('GET', '/v1/jobs?total=exact');
  assert.equal(body.total?.count, 100, 'a refused request leaves no job');
  assert.equal((await submit(platform, 'bob')).status, 201);
  await clock.advance(59_999);
  assert.equal((await submit(platform, 'ann')).status, 429);
  await clock.advance(1);
  assert.equal((await submit(platform, 'ann')).status, 201);
});

test('a refusal is not kept for its Idempotency-Key: the repetition after waiting creates the job', async (t) => {
  const { platform, clock } = await scene(t);
  const rule = { limit: 1 };
  await platform.call('PATCH', `${path}/job-submission`, { rule });
  assert.equal((await submit(platform, 'ann')).status, 201);
  const key = { 'idempotency-key': 'the-second' };
  assert.equal((await submit(platform, 'ann', key)).status, 429);
  assert.equal((await submit(platform, 'ann', key)).status, 429);
  await clock.advance(60_000);
  const created = await submit(platform, 'ann', key);
  assert.deepEqual([created.status, created.headers.get('idempotency-replayed')], [201, null]);
  await clock.advance(60_000);
  const again = await submit(platform, 'ann', key);
  assert.deepEqual([again.body.id, again.headers.get('idempotency-replayed')], [created.body.id, 'true']);
});

test('a policy that is created, changed and deleted by the API is in force from the answer on', async (t) => {
  const { platform } = await scene(t);
  const created = await platform.call<RateLimitPolicy>('POST', path, calls());
  assert.equal(created.status, 201);
  assert.equal(created.headers.get('location'), `${path}/calls`);
  rateLimitPolicy.parse(created.body);
  assert.deepEqual([await ask(platform), await ask(platform), await ask(platform)], [200, 200, 429]);
  assert.equal(await ask(platform, 'bob'), 200);
  const etag = created.headers.get('etag') ?? '';
  const wider = await platform.call<RateLimitPolicy>(
    'PATCH',
    `${path}/calls`,
    { rule: { limit: 3 } },
    { 'if-match': etag },
  );
  assert.deepEqual([wider.status, wider.body.rule, wider.body.version], [200, { ...created.body.rule, limit: 3 }, 2]);
  assert.deepEqual([await ask(platform), await ask(platform)], [200, 429]);
  const stale = await platform.call('PATCH', `${path}/calls`, { rule: { limit: 9 } }, { 'if-match': etag });
  assert.equal(stale.status, 412);
  await platform.call('PATCH', `${path}/calls`, { shadow: true });
  assert.equal(await ask(platform), 200);
  await platform.call('PATCH', `${path}/calls`, { shadow: false, enabled: false });
  assert.equal(await ask(platform), 200);
  await platform.call('PATCH', `${path}/calls`, { enabled: true });
  assert.equal(await ask(platform), 429);
  assert.equal((await platform.call('DELETE', `${path}/calls`, undefined, { 'if-match': etag })).status, 412);
  assert.equal((await platform.call('DELETE', `${path}/calls`)).status, 204);
  assert.equal(await ask(platform), 200);
  assert.equal((await platform.call('GET', `${path}/calls`)).status, 404);
  const entries: string[] = [];
  for (const { data } of await platform.storage.log.read('audit:platform', 0, 100))
    entries.push(`${(data as { action: string }).action} ${(data as { version: number }).version}`);
  assert.deepEqual(entries, [
    'rate-limit-policies.create 1',
    ...[2, 3, 4, 5].map((version) => `rate-limit-policies.change ${version}`),
    'rate-limit-policies.delete 5',
  ]);
});

test('a policy with mistakes is refused, each by its place, whether new or changed', async (t) => {
  const { platform } = await scene(t);
  const pointers = async (answer: Promise<{ readonly status: number; readonly body: Problem }>) => {
    const { status, body } = await answer;
    assert.equal(status, 422);
    return body.errors.map(({ pointer }) => pointer);
  };
  assert.deepEqual(
    await pointers(
      platform.call('POST', path, calls({ rule: { algorithm: 'sliding-log', limit: 0, windowSeconds: 60 } })),
    ),
    ['/rule/limit'],
  );
  assert.deepEqual(await pointers(platform.call('POST', path, calls({ purpose: 'sms' }))), ['/onStoreLoss']);
  assert.deepEqual(await pointers(platform.call('PATCH', `${path}/api`, { name: 'other' })), ['/name']);
  assert.deepEqual(await pointers(platform.call('PATCH', `${path}/api`, { purpose: 'sign-in' })), ['/onStoreLoss']);
  assert.deepEqual(await pointers(platform.call('PATCH', `${path}/api`, { rule: { windowSeconds: null } })), [
    '/rule/windowSeconds',
  ]);
  assert.equal((await platform.call('POST', path, calls({ name: 'api' }))).status, 409);
  assert.equal((await platform.call('PATCH', `${path}/nothing`, {})).status, 404);
});

test('a policy of operations for which it would never hold is refused, with the operation that was meant', async (t) => {
  const { platform } = await scene(t);
  const mistakes = async (method: string, at: string, body: unknown) => {
    const answer = await platform.call(method, at, body);
    assert.equal(answer.status, 422);
    return answer.body.errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
  };
  assert.deepEqual(await mistakes('POST', path, calls({ operations: ['listServices', 'createJobs'] })), [
    '/operations/1 is no operation; did you mean "createJob"?',
  ]);
  const [far = ''] = await mistakes('POST', path, calls({ operations: ['x'] }));
  assert.match(far, /^\/operations\/0 is no operation: there are createJob, .*unwatchJob$/);
  assert.deepEqual(await mistakes('POST', path, calls({ operations: ['reportBlocks', 'toString'] })), [
    '/operations/0 is counted by address only, not by user',
    `/operations/1 ${far.slice('/operations/0 '.length)}`,
  ]);
  const underWay = { per: 'user', rule: { algorithm: 'concurrency', limit: 2 } };
  assert.deepEqual(await mistakes('POST', path, calls({ ...underWay, operations: ['openSocket', 'unwatchJob'] })), [
    '/operations/1 is over at once: there is nothing under way to count',
  ]);
  assert.equal((await platform.call('GET', `${path}/calls`)).status, 404, 'nothing was made');
  assert.equal((await platform.call('POST', path, calls())).status, 201);
  assert.deepEqual(await mistakes('PATCH', `${path}/calls`, { operations: ['watchJob', 'unwatchJobs'] }), [
    '/operations/1 is no operation; did you mean "unwatchJob"?',
  ]);
  assert.equal((await platform.call('PATCH', `${path}/calls`, { operations: ['unwatchJob'] })).status, 200);
  assert.deepEqual(await mistakes('PATCH', `${path}/calls`, { per: 'api-key' }), [
    '/operations/0 is counted by user, customer, everyone only, not by api-key',
  ]);
});

test('an operation that a release took away does not keep the rest of a policy from being changed', async (t) => {
  const storage = openMemoryStorage();
  const { platform } = await scene(t, { storage });
  await platform.call('POST', path, calls());
  const policies = await storage.collection<PolicyDocument>(policiesCollection);
  const stored = await policies.get('calls');
  assert.ok(stored !== null);
  const policy = { ...stored.doc.policy, operations: ['listGhosts'] };
  await policies.save('calls', stored.version, { ...stored.doc, policy });
  assert.equal((await platform.call('PATCH', `${path}/calls`, { shadow: true })).status, 200);
  const added = await platform.call('PATCH', `${path}/calls`, { operations: ['listGhosts', 'listHosts'] });
  assert.deepEqual([added.status, added.body.errors.map(({ pointer }) => pointer)], [422, ['/operations/1']]);
});

test('the operations that policies may name are those that there are', async (t) => {
  const { platform } = await scene(t);
  const { body } = await platform.call<{
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  }>('GET', '/openapi.json');
  const described = Object.values(body.paths).flatMap((methods) => Object.values(methods));
  // Sockets are opened and asked beside the API; what else is asked there goes by the name of its operation in the API.
  const all = [...described.map(({ operationId }) => operationId), 'openSocket', 'unwatchJob'];
  assert.deepEqual([...operationIds].sort(), all.sort());
});

test('what ships is there once: a default that was deleted does not come back, a changed one stays as it is', async (t) => {
  const storage = openMemoryStorage();
  const first = await scene(t, { storage });
  const names = async (platform: Platform) =>
    (await platform.call<Page<RateLimitPolicy>>('GET', path)).body.items.map(({ name }) => name);
  const shipped = [
    ...['addresses', 'api', 'job-submission', 'paths-per-day', 'queued-jobs', 'running-jobs'],
    ...['sockets-of-address', 'sockets-of-user'],
  ];
  assert.deepEqual(await names(first.platform), shipped);
  await first.platform.call('DELETE', `${path}/api`);
  await first.platform.call('PATCH', `${path}/addresses`, { rule: { limit: 7 } });
  assert.deepEqual(
    await names(first.platform),
    shipped.filter((name) => name !== 'api'),
  );
  await first.platform.stop();
  const second = await scene(t, { storage });
  assert.deepEqual(
    await names(second.platform),
    shipped.filter((name) => name !== 'api'),
  );
  const addresses = await second.platform.call<RateLimitPolicy>('GET', `${path}/addresses`);
  assert.equal(addresses.body.rule.limit, 7);
  const again = await second.platform.call<RateLimitPolicy>('POST', path, calls({ name: 'api' }));
  assert.equal(again.status, 201);
  assert.equal(await ask(second.platform), 200);
});

test('policies are the administrator’s to read and to change, even when nothing else is admitted', async (t) => {
  const { platform } = await scene(t);
  for (const [method, at, body] of [
    ['GET', path, undefined],
    ['GET', `${path}/api`, undefined],
    ['POST', path, calls()],
    ['PATCH', `${path}/api`, { enabled: false }],
    ['DELETE', `${path}/api`, undefined],
  ] as const)
    assert.equal((await platform.call(method, at, body, as('ann'))).status, 403, `${method} ${at}`);
  const rule = { algorithm: 'fixed-window', limit: 1, windowSeconds: 2_678_400 };
  const { operations: _none, ...all } = calls({ name: 'shut', per: 'everyone', rule });
  assert.equal((await platform.call('POST', path, all)).status, 201);
  assert.deepEqual([await ask(platform), await ask(platform)], [200, 429]);
  assert.equal((await platform.call('DELETE', `${path}/shut`)).status, 204);
  assert.equal(await ask(platform), 200);
});

test('the plan of a customer decides its limits, and a change of it holds at once', async (t) => {
  const { platform } = await scene(t);
  await platform.call('POST', path, calls({ plans: { gold: { limit: 4 } } }));
  assert.deepEqual([await ask(platform), await ask(platform), await ask(platform)], [200, 200, 429]);
  await platform.call<Customer>('PATCH', '/v1/customers/default', { plan: 'gold' });
  assert.deepEqual([await ask(platform), await ask(platform), await ask(platform)], [200, 200, 429]);
});

test('what is changed at one replica is in force at the others in moments, policies and plans', async (t) => {
  const limiter = openMemoryLimiterStore({ clock: fakeClock() });
  const { replicas } = await startFleet(t, { count: 2, limiter });
  const [here, there] = replicas;
  assert.ok(here !== undefined && there !== undefined);
  const shut = calls({ per: 'customer', rule: { algorithm: 'sliding-log', limit: 1, windowSeconds: 60 } });
  // The administrator is known to ask for a customer by what the request names.
  const byCustomer = { ...shut, operations: ['listJobs'], plans: { gold: { limit: 1000 } } };
  assert.equal((await here.call('POST', path, byCustomer)).status, 201);
  const list = async (replica: Platform) => (await replica.call('GET', '/v1/jobs?customer=default')).status;
  await until('the other replica refuses', async () => (await list(there)) === 429);
  await here.call('PATCH', '/v1/customers/default', { plan: 'gold' });
  assert.equal(await list(here), 200);
  await until('the other replica knows the plan', async () => (await list(there)) === 200);
  await there.call('DELETE', `${path}/calls`);
  await until('the first replica has let go', async () => {
    const { headers } = await here.call('GET', '/v1/jobs?customer=default');
    return !(headers.get('ratelimit') ?? '').includes('"calls"');
  });
});
