import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postgresMissing, startPostgres } from '@simfleet/testing';
import type { PostgresServer } from '@simfleet/testing';
import { fleetMissing, openFleet } from './fleet.ts';
import { european, openScene } from './scene.ts';

const skip = postgresMissing() ?? fleetMissing();
let postgres: PostgresServer;
before(async () => {
  if (skip === false) postgres = await startPostgres();
});
after(() => postgres?.stop());

const job = european({ maxPaths: '400000000' });

test('separate processes give the digest of one process', { skip }, async (context) => {
  const fleet = await openFleet(context, { storage: await postgres.createDatabase() });
  const { client: calm } = await openScene(context);
  const [here, there] = await Promise.all([
    calm.create(job).then(({ id }) => calm.result(id)),
    fleet.client.create(job).then(({ id }) => fleet.client.result(id)),
  ]);
  assert.equal(there.stopReason, 'Completed');
  assert.equal(there.resultDigest, here.resultDigest);
});
