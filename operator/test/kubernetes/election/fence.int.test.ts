import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import { controlPlaneMissing, startControlPlane, until } from '@simfleet/testing';
import { isReason } from '../../../src/kubernetes/index.ts';
import type { LeaderElection } from '../../../src/kubernetes/index.ts';
import { configMap, configMaps, open } from '../cluster.ts';
import { startFaultyProxy } from '../faulty-proxy.ts';

const skip = controlPlaneMissing() ?? false;

test('a process that stood still sends nothing of what it was about to send', { skip }, async (t) => {
  const proxy = await startFaultyProxy(t, await startControlPlane(t));
  let stoodStillMs = 0;
  // Time jumps and no timer has fired yet: what a process sees that was stopped and goes on.
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + stoodStillMs };
  const lead = async (name: string): Promise<LeaderElection> => {
    const election = open(t, proxy.kubeconfig, { clock }).leaderElection({
      namespace: 'default',
      name,
      identity: name,
    });
    const running = election.run(
      ({ lost, stopping }) =>
        new Promise((end) => AbortSignal.any([lost, stopping]).addEventListener('abort', () => end(undefined))),
    );
    t.after(async () => {
      await election.stop();
      await running;
    });
    await until('it to lead', () => election.leading);
    return election;
  };
  const create = (election: LeaderElection, name: string): Promise<unknown> =>
    election.api.create(configMaps, configMap(name), { fieldManager: 'test' });
  const posts = (): number =>
    proxy.requests.filter((one) => one.startsWith('POST') && one.includes('configmaps')).length;

  const first = await lead('first');
  await create(first, 'one');
  assert.equal(posts(), 1);
  stoodStillMs += 10_000;
  assert.equal(first.leading, false);
  await assert.rejects(create(first, 'two'), (error) => isReason(error, 'NotLeading'));

  // Permitted when it was asked for, and no more when its connection is there.
  const second = await lead('second');
  const between = create(second, 'three');
  stoodStillMs += 10_000;
  await assert.rejects(between, (error) => isReason(error, 'NotLeading'));
  assert.equal(posts(), 1);
});
