// Long, for every stage that limits a request is shown on one real server, with the headers and problems that clients see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SimfleetError } from '@simfleet/contracts';
import type { LimitPolicy, Principal } from '@simfleet/contracts';
import { compilePolicies } from '@simfleet/rate-limit';
import type { LimiterStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { createMetrics } from '@simfleet/runtime';
import { fakeClock, recordingLogger, until } from '@simfleet/testing';
import { z } from 'zod';
import { defineRoute, openRequestLimits, tokenAuthorizer } from '../src/index.ts';
import type { Authorizer, Route } from '../src/index.ts';
import { parseList } from './structured-fields.ts';
import { serving, token } from './serving.ts';

const users: Readonly<Record<string, Principal>> = {
  ann: { id: 'ann', kind: 'user', customers: ['acme'] },
  bob: { id: 'bob', kind: 'user', customers: ['acme'] },
  eve: { id: 'eve', kind: 'user', customers: ['other'] },
  dan: { id: 'dan', kind: 'user', customers: ['acme', 'other'] },
  op: { id: 'operator', kind: 'operator', customers: '*' },
};

const authorizer: Authorizer = {
  ...tokenAuthorizer({ administrator: token }),
  authenticate: async (given) =>
    users[given ?? ''] ?? (await tokenAuthorizer({ administrator: token }).authenticate(given)),
};

const policy = (name: string, change: Partial<LimitPolicy> = {}): LimitPolicy => ({
  ...{ name, description: '', measure: 'requests', per: 'user', purpose: 'api', onStoreLoss: 'open' },
  ...{ shadow: false, enabled: true, rule: { algorithm: 'sliding-log', limit: 2, windowSeconds: 60 } },
  ...change,
});

interface Scene {
  readonly policies: readonly LimitPolicy[];
  readonly trustedProxies?: readonly string[];
  readonly planOf?: (customer: string) => string | undefined;
  readonly wrap?: (store: LimiterStore) => LimiterStore;
  readonly routes?: readonly Route[];
  readonly authorizer?: Authorizer;
}

const ok = { status: 200, body: { done: true } };

/** Routes: one with the customer in its body, one with it in the query, one of a job's token, one open to all. */
const someRoutes = (): readonly Route[] => {
  const common = { summary: '', tag: 'test', action: 'jobs.create', responses: { 200: { description: 'Done.' } } };
  const body = z.strictObject({ customer: z.string().optional(), fail: z.boolean().optional() });
  return [
    defineRoute({
      ...{ ...common, method: 'post', path: '/things', operationId: 'makeThing', request: { body } },
      async handle({ body: { fail } }) {
        if (fail === true)
          throw new SimfleetError('quota-exceeded', 'no place', { refusal: { policies: ['places'], retryAfterMs: 1 } });
        return ok;
      },
    }),
    defineRoute({
      ...{ ...common, method: 'get', path: '/things', operationId: 'listThings' },
      request: { query: z.strictObject({ customer: z.string().optional() }) },
      handle: async () => ok,
    }),
    defineRoute({
      ...{ ...common, method: 'post', path: '/reports', operationId: 'report', authentication: 'job' },
      handle: async () => ok,
    }),
    defineRoute({
      ...{ ...common, method: 'get', path: '/open', operationId: 'open', authentication: 'none' },
      handle: async () => ok,
    }),
    defineRoute({
      ...{ ...common, method: 'get', path: '/mending', operationId: 'mend', limited: false },
      handle: async () => ok,
    }),
  ];
};

const start = async (t: TestContext, scene: Scene) => {
  const clock = fakeClock();
  const metrics = createMetrics();
  const bare = openMemoryLimiterStore({ clock });
  const store = scene.wrap?.(bare) ?? bare;
  let compiled = compilePolicies(scene.policies);
  const log = recordingLogger();
  const requestLimits = openRequestLimits({
    ...{ store, clock, metrics, logger: log.logger, policies: () => compiled },
    planOf: scene.planOf ?? (() => undefined),
    trustedProxies: scene.trustedProxies ?? [],
  });
  const served = await serving(t, scene.routes ?? someRoutes(), {
    authorizer: scene.authorizer ?? authorizer,
    requestLimits,
  });
  const as = (who: string, path = '/things', json: unknown = undefined, headers: Record<string, string> = {}) =>
    served.call(path, {
      headers: { authorization: `Bearer ${who}`, ...headers },
      ...(json === undefined ? {} : { method: 'POST', json }),
    });
  return {
    ...{ ...served, as, clock, metrics, store, requestLimits, limitLog: log },
    statuses: async (count: number, who = 'ann', path = '/things', json?: unknown, headers = {}) => {
      const found: number[] = [];
      for (let i = 0; i < count; i += 1) found.push((await as(who, path, json, headers)).status);
      return found;
    },
    change: (policies: readonly LimitPolicy[]) => (compiled = compilePolicies(policies)),
    outcomes: async () =>
      Object.fromEntries(
        ((await metrics.getSingleMetric('simfleet_rate_limit_requests_total')?.get())?.values ?? []).map((each) => [
          `${each.labels['policy']} ${each.labels['outcome']}`,
          each.value,
        ]),
      ),
  };
};

test('a user is held to the limit, another is not, and both are told what is left', async (t) => {
  const { as, statuses } = await start(t, { policies: [policy('calls')] });
  const first = await as('ann');
  const [quota] = parseList(first.headers.get('ratelimit-policy') ?? '');
  const [left] = parseList(first.headers.get('ratelimit') ?? '');
  assert.deepEqual([quota?.value, quota?.parameters['q'], quota?.parameters['w']], ['calls', 2, 60]);
  assert.deepEqual([left?.value, left?.parameters['r'], left?.parameters['t']], ['calls', 1, 60]);
  assert.equal(first.headers.get('retry-after'), null);
  assert.deepEqual(await statuses(2), [200, 429]);
  assert.deepEqual(await statuses(1, 'bob'), [200]);
});

test('a refusal is the problem of its type, names the policy, and says when to come back', async (t) => {
  const { as, statuses, clock } = await start(t, { policies: [policy('calls'), policy('wide', { per: 'address' })] });
  await statuses(1);
  await clock.advance(5_000);
  await statuses(1);
  await clock.advance(10_000);
  const refused = await as('ann');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('content-type'), 'application/problem+json');
  assert.equal(refused.headers.get('retry-after'), '45');
  assert.deepEqual(
    parseList(refused.headers.get('ratelimit') ?? '').map(({ value, parameters: { r, t: time } }) => [value, r, time]),
    [['wide', 0, 45]],
  );
  const body = (await refused.json()) as Record<string, unknown>;
  assert.equal(body['type'], 'https://iana.org/assignments/http-problem-types#quota-exceeded');
  assert.deepEqual([body['code'], body['status'], body['retryable']], ['quota-exceeded', 429, true]);
  assert.deepEqual(body['violated-policies'], ['wide']);
  assert.match(String(body['detail']), /^the limit "wide" \(2 in 60 s\) is reached: try again in 45 s$/);
  await clock.advance(45_000);
  assert.deepEqual(await statuses(2), [200, 429]);
});

test('what one policy refuses costs the others nothing, whichever stage they are of', async (t) => {
  const loose = { algorithm: 'sliding-log', limit: 10, windowSeconds: 60 } as const;
  const policies = [
    policy('of-address', { per: 'address', rule: loose }),
    policy('of-customer', { per: 'customer', rule: loose }),
    policy('of-user'),
  ];
  const { as, statuses } = await start(t, { policies });
  assert.deepEqual(await statuses(8), [200, 200, ...Array.from({ length: 6 }, () => 429)]);
  const after = await as('bob');
  const left = parseList(after.headers.get('ratelimit') ?? '').map(({ value, parameters }) => [value, parameters['r']]);
  assert.deepEqual(left, [
    ['of-address', 7],
    ['of-customer', 7],
    ['of-user', 1],
  ]);
});

test('the customer is the caller’s only one, or the one that body or query name and the caller may act for', async (t) => {
  const { statuses } = await start(t, { policies: [policy('of-customer', { per: 'customer' })] });
  assert.deepEqual(await statuses(1, 'ann'), [200]);
  assert.deepEqual(await statuses(1, token, '/things', { customer: 'acme' }), [200]);
  assert.deepEqual(await statuses(1, token, '/things?customer=acme'), [429]);
  assert.deepEqual(await statuses(1, 'bob'), [429]);
  // Another's budget is not for the taking.
  assert.deepEqual(await statuses(3, 'bob', '/things?customer=other'), [429, 429, 429]);
  assert.deepEqual(await statuses(2, 'eve', '/things?customer=acme'), [200, 200]);
  assert.deepEqual(await statuses(3, 'dan', '/things?customer=third'), [200, 200, 200]);
  assert.deepEqual(await statuses(1, 'dan', '/things?customer=other'), [429]);
  assert.deepEqual(await statuses(2, token, '/things?customer=third'), [200, 200]);
  assert.deepEqual(await statuses(5, token), [200, 200, 200, 200, 200]);
});

test('a plan has limits of its own', async (t) => {
  const policies = [policy('calls', { plans: { gold: { limit: 3 } } })];
  const { statuses } = await start(t, { policies, planOf: (customer) => (customer === 'acme' ? 'gold' : 'standard') });
  assert.deepEqual(await statuses(4, 'ann'), [200, 200, 200, 429]);
  assert.deepEqual(await statuses(3, 'eve'), [200, 200, 429]);
});

test('addresses are limited before anybody is authenticated, by those of trusted proxies alone', async (t) => {
  const policies = [policy('addresses', { per: 'address' })];
  const forged = (address: string) => ({ 'x-forwarded-for': address });
  const open = await start(t, { policies });
  assert.deepEqual(await open.statuses(2, 'nobody', '/things', undefined, forged('192.0.2.1')), [401, 401]);
  assert.deepEqual(await open.statuses(1, 'nobody', '/things', undefined, forged('192.0.2.2')), [429]);
  const behind = await start(t, { policies, trustedProxies: ['loopback'] });
  assert.deepEqual(await behind.statuses(3, 'ann', '/things', undefined, forged('192.0.2.1')), [200, 200, 429]);
  assert.deepEqual(await behind.statuses(1, 'ann', '/things', undefined, forged('192.0.2.1, 192.0.2.2')), [200]);
  assert.deepEqual(await behind.statuses(1, 'ann', '/things', undefined, forged('192.0.2.3, 192.0.2.1')), [429]);
});

test('API keys are counted by a digest, which is no part of the token', async (t) => {
  const policies = [policy('keys', { per: 'api-key' })];
  const { statuses, limitLog, clock } = await start(t, { policies });
  assert.deepEqual(await statuses(3, 'ann'), [200, 200, 429]);
  assert.deepEqual(await statuses(1, 'bob'), [200]);
  await clock.advance(120_000);
  assert.deepEqual(await statuses(1, 'ann'), [200]);
  const told = JSON.stringify(limitLog.entries());
  assert.match(told, /"policy":"keys","key":"api-key:[0-9a-f]{16}"/);
  assert.doesNotMatch(told, /ann/);
});

test('operators, reports of shards, what is open to all and what mends limits are not limited', async (t) => {
  const policies = [policy('all'), policy('addresses', { per: 'address' })];
  const { statuses } = await start(t, { policies });
  const four = [200, 200, 200, 200];
  assert.deepEqual(await statuses(4, 'op'), four);
  assert.deepEqual(await statuses(4, 'job-token', '/reports', {}), four);
  assert.deepEqual(await statuses(4, '', '/open'), four);
  assert.deepEqual(await statuses(4, 'ann', '/mending'), four);
  assert.deepEqual(await statuses(3, 'ann'), [200, 200, 429]);
});

test('an address that others have used up is refused to operators too, whose tokens are not looked at before', async (t) => {
  const { statuses, clock } = await start(t, { policies: [policy('addresses', { per: 'address' })] });
  assert.deepEqual(await statuses(3, 'ann'), [200, 200, 429]);
  assert.deepEqual(await statuses(1, 'op'), [429]);
  await clock.advance(60_000);
  assert.deepEqual(await statuses(4, 'op'), [200, 200, 200, 200]);
});

test('a policy that names reports or health holds there by address, and by nothing else: they tell no user', async (t) => {
  const partitions = ['user', 'api-key', 'customer', 'everyone'] as const;
  const named = partitions.map((per) => policy(per, { per, operations: ['report', 'open'] }));
  const { statuses, change } = await start(t, { policies: named });
  assert.deepEqual(await statuses(3, 'job-token', '/reports', {}), [200, 200, 200]);
  assert.deepEqual(await statuses(3, '', '/open'), [200, 200, 200]);
  change([policy('addresses', { per: 'address', operations: ['report', 'open'] })]);
  assert.deepEqual(await statuses(1, 'job-token', '/reports', {}), [200]);
  assert.deepEqual(await statuses(2, '', '/open'), [200, 429]);
});

test('a policy that names an operation holds there, whatever it is', async (t) => {
  const named = { operations: ['report', 'mend'] } as const;
  const policies = [policy('named', { per: 'address', ...{ operations: [...named.operations] } })];
  const { statuses } = await start(t, { policies });
  assert.deepEqual(await statuses(2, 'job-token', '/reports', {}), [200, 200]);
  assert.deepEqual(await statuses(1, 'ann', '/mending'), [429]);
  assert.deepEqual(await statuses(3, 'ann'), [200, 200, 200]);
});

test('a shadow policy refuses nothing, takes part in no decision, and is counted', async (t) => {
  const policies = [
    policy('strict', { shadow: true, rule: { algorithm: 'sliding-log', limit: 1, windowSeconds: 60 } }),
    policy('calls'),
  ];
  const { as, statuses, outcomes } = await start(t, { policies });
  const first = await as('ann');
  assert.deepEqual(
    parseList(first.headers.get('ratelimit') ?? '').map(({ value }) => value),
    ['calls'],
  );
  assert.deepEqual(await statuses(2), [200, 429]);
  assert.deepEqual(await outcomes(), {
    'calls admitted': 2,
    'calls refused': 1,
    'strict shadow-admitted': 1,
    'strict shadow-refused': 1,
  });
});

test('a shadow limit on requests under way counts them until they end, no longer', async (t) => {
  const rule = { algorithm: 'concurrency', limit: 1, leaseSeconds: 30 } as const;
  const { as, outcomes } = await start(t, { policies: [policy('at-once', { rule, shadow: true })] });
  for (let admitted = 1; admitted < 5; admitted += 1) {
    await as('ann');
    assert.deepEqual(await outcomes(), { 'at-once shadow-admitted': admitted });
  }
});

test('a changed policy holds from the next request on, and goes on from what was counted', async (t) => {
  const { statuses, change } = await start(t, { policies: [policy('calls')] });
  assert.deepEqual(await statuses(3), [200, 200, 429]);
  change([policy('calls', { rule: { algorithm: 'sliding-log', limit: 3, windowSeconds: 60 } })]);
  assert.deepEqual(await statuses(2), [200, 429]);
  change([policy('calls', { enabled: false })]);
  assert.deepEqual(await statuses(1), [200]);
  change([policy('calls')]);
  assert.deepEqual(await statuses(1), [429]);
  change([]);
  assert.equal((await statuses(1))[0], 200);
});

test('a handler that refuses for a quota gives back what the request had taken', async (t) => {
  const { statuses } = await start(t, { policies: [policy('calls'), policy('addresses', { per: 'address' })] });
  assert.deepEqual(await statuses(3, 'ann', '/things', { fail: true }), [429, 429, 429]);
  assert.deepEqual(await statuses(3), [200, 200, 429]);
});

test('when the store goes away in the middle, the answer is 503, nothing is logged as a fault of ours, and nothing stays taken', async (t) => {
  let isAway = false;
  const wrap = (store: LimiterStore): LimiterStore => {
    const unless = <T>(answer: () => T): T | Promise<never> =>
      isAway ? Promise.reject(new SimfleetError('unavailable', 'the store of limits is away')) : answer();
    return {
      ...{ description: 'switched', shared: true },
      decide: (charges) => unless(() => store.decide(charges)),
      decideOne: (charge) => unless(() => store.decideOne(charge)),
      peek: (charge) => store.peek(charge),
      refund: (charge, at) => store.refund(charge, at),
      reset: (rule, key) => store.reset(rule, key),
      check: () => store.check(),
      close: () => store.close(),
    };
  };
  const absent: Authorizer = {
    ...authorizer,
    authenticate: async (given) => {
      isAway = given === 'bob';
      return authorizer.authenticate(given);
    },
  };
  const policies = [policy('addresses', { per: 'address' }), policy('calls')];
  const { as, log, statuses } = await start(t, { policies, wrap, authorizer: absent });
  for (let i = 0; i < 5; i += 1) {
    const answer = await as('bob');
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
    isAway = false;
  }
  assert.deepEqual(
    log.entries().filter(({ level }) => level === 'error'),
    [],
  );
  assert.deepEqual(await statuses(3), [200, 200, 429]);
});

/** A route of which all requests wait for `end`. */
const slowRoute = () => {
  const held = Promise.withResolvers<void>();
  let begun = 0;
  const common = { summary: '', tag: 'test', action: 'jobs.create', responses: { 200: { description: 'Done.' } } };
  const route = defineRoute({
    ...{ ...common, method: 'get', path: '/slow', operationId: 'slow' },
    async handle() {
      begun += 1;
      await held.promise;
      return ok;
    },
  });
  return { route, begun: () => begun, end: () => held.resolve() };
};

test('a limit on requests under way counts them until they end', async (t) => {
  const slow = slowRoute();
  const rule = { algorithm: 'concurrency', limit: 2, leaseSeconds: 30 } as const;
  const { as, clock } = await start(t, { policies: [policy('at-once', { rule })], routes: [slow.route] });
  const waiting = [as('ann', '/slow'), as('ann', '/slow')];
  await until('both are under way', () => slow.begun() === 2);
  const third = await as('ann', '/slow');
  assert.equal(third.status, 429);
  assert.deepEqual(parseList(third.headers.get('ratelimit-policy') ?? '')[0]?.parameters['qu'], 'concurrent-requests');
  // Longer than a lease: those under way are renewed.
  for (let i = 0; i < 6; i += 1) {
    await clock.advance(10_000);
  }
  assert.equal((await as('ann', '/slow')).status, 429);
  slow.end();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
  await until('their places are free', async () => (await as('ann', '/slow')).status === 200);
});

test('what an operator does is not under way for its address, however long it takes, and no policy is told to it', async (t) => {
  const slow = slowRoute();
  const rule = { algorithm: 'concurrency', limit: 1, leaseSeconds: 30 } as const;
  const policies = [policy('at-once', { per: 'address', rule })];
  const { as, clock } = await start(t, { policies, routes: [slow.route, ...someRoutes()] });
  t.after(slow.end);
  const waiting = as('op', '/slow');
  await until('it is under way', () => slow.begun() === 1);
  await clock.advance(15_000);
  assert.equal((await as('ann')).status, 200);
  slow.end();
  const { headers } = await waiting;
  assert.deepEqual([headers.get('ratelimit'), headers.get('ratelimit-policy')], [null, null]);
});

test('sockets are admitted by address, their messages by user', async (t) => {
  const rule = { algorithm: 'sliding-log', limit: 1, windowSeconds: 60 } as const;
  const policies = [
    policy('sockets', { per: 'address', operations: ['openSocket'], rule }),
    policy('messages', { operations: ['watchJob'], rule }),
  ];
  const { requestLimits } = await start(t, { policies });
  const peer = { headers: {}, remoteAddress: '192.0.2.1' };
  assert.ok('end' in (await requestLimits.admitUpgrade(peer)));
  const refused = await requestLimits.admitUpgrade(peer);
  assert.ok('status' in refused);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['retry-after'], '60');
  assert.equal((JSON.parse(refused.body) as { readonly code: string }).code, 'quota-exceeded');
  const ann = users['ann'];
  assert.ok(ann !== undefined);
  assert.deepEqual(await requestLimits.admitMessage(ann, 'watchJob'), { allowed: true });
  const message = await requestLimits.admitMessage(ann, 'watchJob');
  assert.equal(message.allowed, false);
  assert.deepEqual(message.allowed ? null : [message.retryAfterMs, message.error.code], [60_000, 'quota-exceeded']);
  assert.deepEqual(await requestLimits.admitMessage(ann, 'unwatchJob'), { allowed: true });
});

test('open sockets are under way: they hold the places of their address and their user until they end', async (t) => {
  const rule = { algorithm: 'concurrency', limit: 2, leaseSeconds: 60 } as const;
  const policies = [
    policy('sockets-of-addresses', { per: 'address', operations: ['openSocket'], rule: { ...rule, limit: 3 } }),
    policy('sockets-of-users', { per: 'user', operations: ['openSocket'], rule }),
  ];
  const { requestLimits, clock } = await start(t, { policies });
  const [ann, ben] = [users['ann'], users['bob']];
  assert.ok(ann !== undefined && ben !== undefined);
  const open = async (remoteAddress: string) => {
    const admitted = await requestLimits.admitUpgrade({ headers: {}, remoteAddress });
    return 'end' in admitted ? admitted : admitted.status;
  };
  const opened = async (remoteAddress: string) => {
    const admitted = await open(remoteAddress);
    assert.ok(typeof admitted !== 'number');
    return admitted;
  };
  const [first, second, third] = [await opened('192.0.2.1'), await opened('192.0.2.1'), await opened('192.0.2.1')];
  assert.equal(await open('192.0.2.1'), 429);
  await first.admitCaller({ principal: ann, token: 'a' });
  await second.admitCaller({ principal: ann, token: 'a' });
  // Renewed for as long as they are open.
  for (let minutes = 0; minutes < 10; minutes += 0.25) await clock.advance(15_000);
  assert.equal(await open('192.0.2.1'), 429);
  await assert.rejects(async () => third.admitCaller({ principal: ann, token: 'a' }), { code: 'quota-exceeded' });
  const fourth = await opened('192.0.2.1');
  await fourth.admitCaller({ principal: ben, token: 'b' });
  first.end();
  await turn();
  const fifth = await opened('192.0.2.1');
  await fifth.admitCaller({ principal: ann, token: 'a' });
  for (const each of [first, second, third, fourth, fifth]) each.end();
  await turn();
  const again = await Promise.all(['192.0.2.1', '192.0.2.1', '192.0.2.1'].map(open));
  assert.ok(again.every((each) => typeof each !== 'number'));
});

/** How many of `count` sockets are let in, and the ones that are. */
const openSockets = async ({ requestLimits }: Awaited<ReturnType<typeof start>>, count: number) => {
  const peer = { headers: {}, remoteAddress: '192.0.2.1' };
  const admitted = await Promise.all(Array.from({ length: count }, async () => requestLimits.admitUpgrade(peer)));
  return admitted.flatMap((each) => ('end' in each ? [each] : []));
};

const ofSockets = (rule: LimitPolicy['rule'], change: Partial<LimitPolicy> = {}): readonly LimitPolicy[] => [
  policy('sockets', { per: 'address', operations: ['openSocket'], rule, ...change }),
];

test('what is open under a policy that counts something else from now on leaves its count alone', async (t) => {
  const scene = await start(t, { policies: ofSockets({ algorithm: 'concurrency', limit: 9, leaseSeconds: 60 }) });
  const before = await openSockets(scene, 3);
  const log = ofSockets({ algorithm: 'sliding-log', limit: 1, windowSeconds: 3_600 });
  scene.change(log);
  assert.equal((await openSockets(scene, 2)).length, 1);
  for (let minutes = 0; minutes < 50; minutes += 0.25) {
    await scene.clock.advance(15_000);
    assert.equal((await openSockets(scene, 1)).length, 0, `after ${minutes} minutes`);
  }
  for (const each of before) each.end();
  await turn();
  assert.equal((await openSockets(scene, 1)).length, 0, 'nor when it ends');
});

test('what is open goes on under its policy as it is now, and holds its place while that rests', async (t) => {
  const rule = { algorithm: 'concurrency', limit: 2, leaseSeconds: 60 } as const;
  const scene = await start(t, { policies: ofSockets(rule) });
  const leftFor = async (): Promise<number> => {
    const { length } = (await openSockets(scene, 5)).map((each) => each.end());
    await turn();
    return length;
  };
  const held = await openSockets(scene, 2);
  const hold = async (minutes: number): Promise<void> => {
    for (let gone = 0; gone < minutes; gone += 0.25) await scene.clock.advance(15_000);
  };
  const states = [
    ['a place more', ofSockets({ ...rule, limit: 3 }), 1],
    ['a shorter lease', ofSockets({ ...rule, limit: 3, leaseSeconds: 3 }), 1],
    ['a longer lease', ofSockets({ ...rule, limit: 4, leaseSeconds: 600 }), 2],
    ['a lease as it was', ofSockets({ ...rule, limit: 5 }), 3],
    ['at rest', ofSockets(rule, { enabled: false }), 5],
    ['back, with fewer places', ofSockets({ ...rule, limit: 1 }), 0],
  ] as const;
  for (const [what, policies, left] of states) {
    scene.change(policies);
    assert.equal(await leftFor(), left, what);
    await hold(5);
    // Between two renewals, whatever they are.
    await scene.clock.advance(9_500);
    assert.equal(await leftFor(), left, `${what}, minutes later`);
  }
  // A store that lost its counts is told again, and so many hold places as may now.
  scene.change(ofSockets({ ...rule, limit: 4 }));
  await scene.store.reset(
    { name: 'sockets', algorithm: 'concurrency', limit: 2, leaseMs: 60_000 },
    'address:192.0.2.1',
  );
  await hold(1);
  assert.equal(await leftFor(), 2, 'a store that forgot');
  for (const each of held) each.end();
  await turn();
  assert.equal(await leftFor(), 4, 'all are over');
});

test('a process that ended without a word lets go after the lease of the policy as it is now', async (t) => {
  const rule = { algorithm: 'concurrency', limit: 2, leaseSeconds: 600 } as const;
  let isGone = false;
  const scene = await start(t, {
    policies: ofSockets(rule),
    wrap: (store) => ({
      ...store,
      decideOne: (charge) => (isGone ? Promise.reject(new Error('gone')) : store.decideOne(charge)),
    }),
  });
  await openSockets(scene, 2);
  scene.change(ofSockets({ ...rule, leaseSeconds: 30 }));
  for (let minutes = 0; minutes < 5; minutes += 0.25) await scene.clock.advance(15_000);
  isGone = true;
  await scene.clock.advance(31_000);
  isGone = false;
  assert.equal((await openSockets(scene, 3)).length, 2);
});

test('a step that refuses has given back what the steps before it took', async (t) => {
  const policies = [
    policy('addresses', { per: 'address', rule: { algorithm: 'sliding-log', limit: 9, windowSeconds: 60 } }),
  ];
  const rule = { algorithm: 'sliding-log', limit: 1, windowSeconds: 60 } as const;
  const { requestLimits } = await start(t, { policies: [...policies, policy('calls', { rule })] });
  const ann = users['ann'];
  assert.ok(ann !== undefined);
  const ask = async (): Promise<string | undefined> => {
    const arrived = { operation: 'any', general: true, headers: {}, remoteAddress: '192.0.2.1' };
    const request = requestLimits.request(arrived);
    await request.byAddress();
    const answer = request.headers['ratelimit'];
    await request.byCaller({ principal: ann, token: null });
    await request.settle();
    return answer;
  };
  const leftOf = (field: string | undefined) => parseList(field ?? '')[0]?.parameters['r'];
  assert.equal(leftOf(await ask()), 8);
  for (let i = 0; i < 5; i += 1) await assert.rejects(ask, { code: 'quota-exceeded' });
  const last = requestLimits.request({ operation: 'any', general: true, headers: {}, remoteAddress: '192.0.2.1' });
  await last.byAddress();
  assert.equal(leftOf(last.headers['ratelimit']), 7);
});

/** A unit drains of it while a request is under way, and no bucket knows afterwards whose it was. */
const quick = { algorithm: 'token-bucket', limit: 1_000, windowSeconds: 1 } as const;

test('what a later policy refuses costs a bucket nothing, however long it took and whoever else came', async (t) => {
  const turns: (() => void)[] = [];
  const slow: Authorizer = {
    ...authorizer,
    authenticate: async (given) => {
      await new Promise<void>((resolve) => turns.push(resolve));
      return authorizer.authenticate(given);
    },
  };
  const policies = [policy('addresses', { per: 'address', rule: quick }), policy('calls')];
  const { as, clock, store } = await start(t, { policies, authorizer: slow });
  const rule = { name: 'addresses', algorithm: 'token-bucket', limit: 1_000, windowMs: 1_000 } as const;
  const charge = { rule, key: 'address:127.0.0.1' };
  const left = async () => (await store.peek({ ...charge, cost: 0 })).remaining;
  const through = async (count: number, who: string): Promise<readonly number[]> => {
    const all = Array.from({ length: count }, () => as(who));
    await until('all are being authenticated', () => turns.length === count);
    // Others come and go meanwhile, so that the bucket is never empty.
    for (let i = 0; i < 20; i += 1) {
      await store.decideOne(charge);
      await clock.advance(1);
    }
    for (const turn of turns.splice(0)) turn();
    return (await Promise.all(all)).map(({ status }) => status).sort();
  };
  await store.decideOne({ ...charge, cost: 500 });
  assert.deepEqual(await through(2, 'ann'), [200, 200]);
  assert.equal(await left(), 1_000 - 500 - 2);
  assert.deepEqual(
    await through(10, 'ann'),
    Array.from({ length: 10 }, () => 429),
  );
  assert.equal(await left(), 1_000 - 500 - 2);
});

test('a policy that would refuse later on takes nothing from others meanwhile', async (t) => {
  const rule = { algorithm: 'sliding-log', limit: 1, windowSeconds: 60 } as const;
  const policies = [
    policy('of-user', { rule: { ...rule, limit: 2 } }),
    policy('of-customer', { per: 'customer', rule }),
  ];
  const { requestLimits } = await start(t, { policies });
  const { dan } = users;
  assert.ok(dan !== undefined);
  const open = async () => {
    const arrived = { operation: 'any', general: true, headers: {}, remoteAddress: '192.0.2.1' };
    const request = requestLimits.request(arrived);
    await request.byAddress();
    await request.byCaller({ principal: dan, token: null });
    return request;
  };
  // All were let on to tell their customer; only then is one of them counted, by both policies or by none.
  const [first, second, third] = [await open(), await open(), await open()];
  await first.byCustomer('acme');
  await assert.rejects(async () => second.byCustomer('acme'), { code: 'quota-exceeded' });
  await third.byCustomer('other');
  await assert.rejects(open, { code: 'quota-exceeded' });
});

test('of many guesses at a token at once no more are answered than the limit of an address allows', async (t) => {
  const policies = [policy('addresses', { per: 'address' }), policy('calls')];
  const { as } = await start(t, { policies });
  const all = await Promise.all(Array.from({ length: 20 }, () => as('nobody')));
  const answers = all.map(({ status }) => status);
  assert.deepEqual(
    [answers.filter((status) => status === 401).length, answers.filter((s) => s === 429).length],
    [2, 18],
  );
});

test('a mistake in the body is counted by every policy that was asked', async (t) => {
  const { statuses } = await start(t, { policies: [policy('calls'), policy('of-customer', { per: 'customer' })] });
  assert.deepEqual(await statuses(3, 'dan', '/things', { nonsense: 1 }), [422, 422, 429]);
});
