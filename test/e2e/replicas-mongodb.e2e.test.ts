import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mongoMissing, startMongo } from '@simfleet/testing';
import { fleetMissing, openFleet } from './fleet.ts';
import { follow } from './follow.ts';
import { openScene } from './scene.ts';
import { created, leaseOf, long, strike, takeOverMs } from './strike.ts';

const skip = mongoMissing() || fleetMissing();

test(
  'on MongoDB too the digest is that of one process, though the replica that folds dies',
  { skip },
  async (context) => {
    const mongo = await startMongo();
    context.after(() => mongo.stop());
    const { client: calm } = await openScene(context);
    const undisturbed = await calm.create(long).then(({ id }) => calm.result(id));
    const fleet = await openFleet(context, { storage: mongo.databaseUrl() });
    const id = await created(fleet, long);
    const followed = follow(fleet.client, id, context.signal);
    const how = { lease: leaseOf(id), among: fleet.jobs, how: (holder: { kill(): Promise<void> }) => holder.kill() };
    const { movedMs, goesOnMs } = await strike(fleet, id, how);
    context.diagnostic(`lease moved after ${movedMs} ms, blocks counted again after ${goesOnMs} ms`);
    assert.equal((await followed).result.resultDigest, undisturbed.resultDigest);
    assert.ok(movedMs < takeOverMs);
  },
);
