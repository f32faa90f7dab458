import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { LimitPolicy } from '@simfleet/contracts';
import { fakeClock, recordingLogger } from '@simfleet/testing';
import { defaultPolicies } from '../src/limits/default-policies.ts';
import { openFollowPolicies } from '../src/limits/follow-policies.ts';
import { holdPolicies } from '../src/limits/policies-in-force.ts';

/** A process alone on its store, whose answers the test gives. */
const scene = () => {
  const clock = fakeClock();
  const holder = holdPolicies();
  const { logger } = recordingLogger();
  let stored: readonly LimitPolicy[] = [];
  let isAway = false;
  const follow = openFollowPolicies({
    store: {
      async all() {
        if (isAway) throw new SimfleetError('unavailable', 'the store does not answer');
        return stored;
      },
    },
    plans: { of: () => undefined, forget: () => undefined },
    ...{ holder, clock, logger, shared: false },
    bus: {
      broadcast: () => assert.fail('there is nobody to tell'),
      listen: () => assert.fail('there is nobody to hear'),
    },
  });
  return {
    ...{ clock, follow },
    write: (policies: readonly LimitPolicy[]) => (stored = policies),
    away: (value: boolean) => (isAway = value),
    inForce: () => holder.policies().policies.map(({ name }) => name),
  };
};

const [first, second] = defaultPolicies();
assert.ok(first !== undefined && second !== undefined);

test('in a process alone a change is in force when its maker is told', async () => {
  const { follow, write, inForce } = scene();
  const end = await follow.start();
  write([first]);
  assert.deepEqual(inForce(), []);
  await follow.policiesChanged();
  assert.deepEqual(inForce(), [first.name]);
  await end();
});

test('what could not be read after the change is in force 5 s after the store is back', async () => {
  const { clock, follow, write, away, inForce } = scene();
  write([first]);
  const end = await follow.start();
  write([second]);
  away(true);
  await follow.policiesChanged();
  await clock.advance(20_000);
  assert.deepEqual(inForce(), [first.name], 'the last that were read hold');
  away(false);
  await clock.advance(5_000);
  assert.deepEqual(inForce(), [second.name]);
  await end();
});

test('a change whose maker was not told that it was written is in force within 5 s', async () => {
  const { clock, follow, write, inForce } = scene();
  const end = await follow.start();
  write([first]);
  await clock.advance(5_000);
  assert.deepEqual(inForce(), [first.name]);
  await end();
  write([]);
  await clock.advance(60_000);
  assert.deepEqual(inForce(), [first.name], 'nothing is read once it has ended');
});
