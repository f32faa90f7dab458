import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock, silentLogger } from '@simfleet/testing';
import { createElection } from '../../../src/kubernetes/election/election.ts';
import type { Lease } from '../../../src/kubernetes/election/lease.ts';
import { KubernetesError } from '../../../src/kubernetes/index.ts';
import type { KubernetesApi, LeaderElection } from '../../../src/kubernetes/index.ts';

type Clock = ReturnType<typeof fakeClock>;

/** One Lease with the API server's rules of versions, behind a network that the test makes slow or dead. */
const leaseServer = (
  clock: Clock,
  trouble: () => { readonly delayMs: number; readonly lost: 'request' | 'answer' | null },
) => {
  let lease: Lease | null = null;
  let version = 0;
  let requests = 0;
  const over = async <Answer>(handle: () => Answer): Promise<Answer> => {
    requests += 1;
    const { delayMs, lost } = trouble();
    await clock.sleep(delayMs / 2);
    if (lost === 'request') throw new KubernetesError('Unreachable', 'planted');
    const answer = handle();
    await clock.sleep(delayMs / 2);
    if (lost === 'answer') throw new KubernetesError('Unreachable', 'planted');
    return answer;
  };
  const store = (spec: Lease['spec']): Lease => {
    const metadata = { name: 'lease', namespace: 'default', resourceVersion: String(++version) };
    lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: { ...lease?.spec, ...spec } };
    return lease;
  };
  const api = {
    get: () => over(() => lease),
    create: (_: unknown, object: Lease) =>
      over(() => {
        if (lease !== null) throw new KubernetesError('AlreadyExists', 'there');
        return store(object.spec);
      }),
    mergePatch: (_: unknown, _reference: unknown, patch: Lease, { resourceVersion }: { resourceVersion: string }) =>
      over(() => {
        if (lease?.metadata.resourceVersion !== resourceVersion) throw new KubernetesError('Conflict', 'changed');
        return store(patch.spec);
      }),
  } as unknown as KubernetesApi;
  return { api, lease: () => lease, requests: () => requests };
};

const replica = (clock: Clock, api: KubernetesApi, identity: string, jitter = 0.5): LeaderElection =>
  createElection(
    { namespace: 'default', name: 'lease', identity },
    {
      clock,
      logger: silentLogger(),
      random: () => jitter,
      api,
      fenced: () => api,
      changed: () => undefined,
    },
  );

const untilLost = (term: { readonly stopping: AbortSignal; readonly lost: AbortSignal }): Promise<void> =>
  new Promise((resolve) => AbortSignal.any([term.stopping, term.lost]).addEventListener('abort', () => resolve()));

const calm = () => ({ delayMs: 2, lost: null });

test('one of two leads; a clean stop gives the lease away and the other leads within its next attempt', async () => {
  const clock = fakeClock();
  const { api, lease } = leaseServer(clock, calm);
  const [one, two] = [replica(clock, api, 'one'), replica(clock, api, 'two')];
  const running = [one.run(untilLost), two.run(untilLost)];
  await clock.advance(60_000);
  assert.deepEqual([one.leading, two.leading], [true, false]);
  assert.equal(lease()?.spec?.holderIdentity, 'one');
  const stopped = one.stop();
  await clock.advance(2500);
  await stopped;
  assert.deepEqual([one.leading, two.leading], [false, true]);
  assert.equal(lease()?.spec?.leaseTransitions, 1);
  const last = two.stop();
  await clock.advance(5000);
  await Promise.all([last, ...running]);
  assert.equal(lease()?.spec?.holderIdentity, '');
  assert.equal(clock.waiting, 0);
});

test('a leader that fails gives the lease away, and the other leads', async () => {
  const clock = fakeClock();
  const { api } = leaseServer(clock, calm);
  const [one, two] = [replica(clock, api, 'one'), replica(clock, api, 'two', 0)];
  const failed = one.run(async () => {
    await clock.sleep(5000);
    throw new Error('planted');
  });
  const running = two.run(untilLost);
  await clock.advance(7500);
  assert.deepEqual([one.leading, two.leading], [false, true]);
  const stops = [one.stop(), two.stop()];
  await clock.advance(20_000);
  await Promise.all([...stops, failed, running]);
});

test('a leader renews by one request every two seconds', async () => {
  const clock = fakeClock();
  const server = leaseServer(clock, calm);
  const one = replica(clock, server.api, 'one');
  const running = one.run(untilLost);
  await clock.advance(220_000);
  assert(server.requests() <= 103, `${server.requests()} requests in 220 s`);
  const stopped = one.stop();
  await clock.advance(5000);
  await Promise.all([stopped, running]);
});

test('a leader that reaches nobody gives up after ten seconds, and another leads after fifteen', async () => {
  const clock = fakeClock();
  let cut = false;
  const server = leaseServer(clock, calm);
  const near: KubernetesApi = {
    ...server.api,
    mergePatch: (...args) =>
      cut ? Promise.reject(new KubernetesError('Unreachable', 'planted')) : server.api.mergePatch(...args),
    get: (...args) => (cut ? Promise.reject(new KubernetesError('Unreachable', 'planted')) : server.api.get(...args)),
  };
  const [one, two] = [replica(clock, near, 'one'), replica(clock, server.api, 'two')];
  const running = [one.run(untilLost), two.run(untilLost)];
  await clock.advance(10_000);
  assert.equal(one.leading, true);
  cut = true;
  await clock.advance(10_100);
  assert.deepEqual([one.leading, two.leading], [false, false]);
  await clock.advance(7500);
  assert.equal(two.leading, true);
  const stops = [one.stop(), two.stop()];
  await clock.advance(20_000);
  await Promise.all([...stops, ...running]);
});

test('a renewal counts from when it was asked for, not from when it was answered', async () => {
  const clock = fakeClock();
  const server = leaseServer(clock, calm);
  let cut = false;
  let late = false;
  const far: KubernetesApi = {
    ...server.api,
    get: (...args) => (cut ? Promise.reject(new KubernetesError('Unreachable', 'planted')) : server.api.get(...args)),
    async mergePatch(...args) {
      if (cut) throw new KubernetesError('Unreachable', 'planted');
      cut = late;
      const answer = await server.api.mergePatch(...args);
      if (late) await clock.sleep(7000);
      return answer;
    },
  };
  const one = replica(clock, far, 'one');
  const running = one.run(untilLost);
  await clock.advance(6000);
  late = true;
  await clock.advance(2200 + 10_000);
  assert.equal(one.leading, false);
  const stopped = one.stop();
  await clock.advance(20_000);
  await Promise.all([stopped, running]);
});

test('whatever the network does, two never lead at once', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          delayMs: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 60_000 })),
          lost: fc.constantFrom('request', 'answer', null, null),
        }),
        { minLength: 1, maxLength: 40 },
      ),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      async (troubles, jitters) => {
        const clock = fakeClock();
        let next = 0;
        const { api } = leaseServer(clock, () => troubles[next++ % troubles.length] ?? calm());
        const replicas = jitters.map((jitter, index) => replica(clock, api, `replica-${index}`, jitter));
        let working = 0;
        const running = replicas.map((each) =>
          each.run(async (term) => {
            working += 1;
            assert.equal(working, 1, 'two terms at once');
            await untilLost(term);
            working -= 1;
          }),
        );
        for (let step = 0; step < 600; step++) {
          await clock.advance(500);
          const leaders = replicas.filter(({ leading }) => leading).length;
          assert(leaders <= 1, `${leaders} lead at once after ${step * 500} ms`);
          assert(working <= 1, `${working} work at once`);
        }
        const stops = replicas.map((each) => each.stop());
        await clock.advance(1_200_000);
        await Promise.all([...stops, ...running]);
      },
    ),
    { numRuns: 40 },
  ));
