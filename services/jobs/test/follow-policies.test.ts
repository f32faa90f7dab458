import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryBus } from '@simfleet/bus/memory';
import { SimfleetError, createRateLimitPolicy } from '@simfleet/contracts';
import type { LimitPolicy } from '@simfleet/contracts';
import { fakeClock, recordingLogger, until } from '@simfleet/testing';
import { openFollowPolicies } from '../src/limits/follow-policies.ts';
import { openPlans } from '../src/limits/plans.ts';
import { holdPolicies } from '../src/limits/policies-in-force.ts';

const policy = (limit: number): LimitPolicy =>
  createRateLimitPolicy.parse({
    ...{ name: 'calls', measure: 'requests', per: 'user' },
    rule: { algorithm: 'fixed-window', limit, windowSeconds: 60 },
  });

/** A store of policies that can be away, and what one process makes of it. */
const scene = (bus = openMemoryBus()) => {
  const clock = fakeClock();
  const log = recordingLogger();
  const holder = holdPolicies();
  const state: { policies: readonly LimitPolicy[]; isAway: boolean; plan: string; reads: number } = {
    ...{ policies: [policy(1)], isAway: false, plan: 'gold', reads: 0 },
  };
  const answer = <T>(value: () => T): Promise<T> => {
    state.reads += 1;
    return state.isAway
      ? Promise.reject(new SimfleetError('unavailable', 'the store is away'))
      : Promise.resolve(value());
  };
  const store = { all: () => answer(() => state.policies) };
  const customers = {
    get: (id: string) => answer(() => ({ id, version: 1, doc: { customer: id, plan: state.plan } as never })),
  };
  const plans = openPlans(customers, clock, log.logger);
  const follow = openFollowPolicies({ ...{ store, plans, holder, bus, clock }, logger: log.logger, shared: true });
  const limit = (): number | undefined => holder.policies().policies[0]?.rule.limit;
  return { bus, clock, log, holder, state, follow, limit, plans };
};

test('a change that no hint told of is found by looking', async () => {
  const { follow, state, clock, limit } = scene();
  const end = await follow.start();
  state.policies = [policy(2)];
  await clock.advance(5_000);
  assert.equal(limit(), 2);
  state.policies = [policy(3)];
  await clock.advance(5_000);
  assert.equal(limit(), 3);
  await end();
  assert.equal(clock.waiting, 0);
});

test('while the store is away the last known policies and plans stay in force, and it is said once', async () => {
  const { follow, state, clock, limit, log, holder } = scene();
  await follow.start();
  assert.equal(await holder.planOf('acme'), 'gold');
  state.isAway = true;
  state.policies = [policy(2)];
  await clock.advance(60_000);
  assert.equal(limit(), 1);
  assert.equal(await holder.planOf('acme'), 'gold');
  assert.equal(await holder.planOf('never-seen'), undefined);
  assert.equal(log.entries().filter(({ level }) => level === 'warn').length, 1);
  state.isAway = false;
  await clock.advance(5_000);
  assert.equal(limit(), 2);
});

test('a hint brings a change of another process at once, one of a plan too', async () => {
  const here = scene();
  const there = scene(here.bus);
  await here.follow.start();
  await there.follow.start();
  assert.equal(await there.holder.planOf('acme'), 'gold');
  let changes = 0;
  there.holder.onChanged(() => (changes += 1));
  there.state.policies = [policy(2)];
  there.state.plan = 'silver';
  await here.follow.policiesChanged();
  await until('the other has read', () => there.limit() === 2);
  here.follow.planChanged('acme');
  await until('the other has forgotten the plan', async () => (await there.holder.planOf('acme')) === 'silver');
  assert.equal(changes, 2);
});

test('what changes while it is read is read again before the change is answered', async () => {
  const { follow, state, limit } = scene();
  await follow.start();
  const slow = follow.policiesChanged();
  state.policies = [policy(5)];
  await follow.policiesChanged();
  assert.equal(limit(), 5);
  await slow;
});

test('unchanged policies stay the same objects, and nobody is told', async () => {
  const { follow, state, clock, holder } = scene();
  await follow.start();
  const before = holder.policies();
  holder.onChanged(() => assert.fail('nothing changed'));
  state.policies = [policy(1)];
  await clock.advance(5_000);
  assert.equal(holder.policies(), before);
});

test('plans are asked for once for all who ask at a time, and remembered for seconds', async () => {
  const { plans, state, clock } = scene();
  await Promise.all([plans.of('acme'), plans.of('acme'), plans.of('acme')]);
  assert.equal(state.reads, 1);
  assert.equal(plans.of('acme'), 'gold');
  await clock.advance(5_000);
  state.plan = 'silver';
  assert.equal(await plans.of('acme'), 'silver');
});

test('a plan that changes while it is read is read again', async () => {
  const { plans, state } = scene();
  const before = plans.of('acme');
  state.plan = 'silver';
  plans.forget('acme');
  assert.equal(await plans.of('acme'), 'silver');
  assert.equal(await before, 'gold');
  assert.equal(await plans.of('acme'), 'silver');
});
