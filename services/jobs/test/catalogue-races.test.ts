import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceSpec } from '@simfleet/contracts';
import type { ServiceSpec } from '@simfleet/contracts';
import { openSchemaCache } from '../src/jobs/prepare-job.ts';
import type { ServiceDocument, StoredService } from '../src/services/service-document.ts';
import { explore } from './support/interleave.ts';
import { openReplicas } from './support/replicas.ts';
import type { Replica, Replicas } from './support/replicas.ts';

const schemas = openSchemaCache();
const spec = (level: number): ServiceSpec => serviceSpec.parse({ engine: 'small-engine', defaults: { level } });
const change =
  (level: number) =>
  (replica: Replica): Promise<StoredService> =>
    replica.catalogue.change('mine', ({ labels }) => ({ labels, spec: spec(level) }));

const everyWay = (
  works: readonly ((replica: Replica) => Promise<unknown>)[],
  check: (world: Replicas, done: readonly unknown[]) => Promise<void>,
  crashes = true,
): Promise<number> =>
  explore<Replicas>({
    departures: process.env['SIMFLEET_CHAOS'] === '1' ? 3 : 2,
    crashes,
    open: (turns) => openReplicas({ turns, isSuspicious: true, schemas }),
    async clients(world) {
      const made = await Promise.all(works.map((_, client) => world.replica(client)));
      return works.map((work, client) => () => work(made[client] ?? world.direct));
    },
    async check({ world, outcomes }) {
      const done = outcomes.flatMap((outcome) => {
        if (outcome?.status === 'rejected') throw outcome.reason;
        return outcome === null ? [] : [outcome.value];
      });
      await check(world, done);
    },
  });

/** The versions as the list of them shows them. */
const versionsOf = async ({ direct, storage }: Replicas): Promise<readonly ServiceDocument[]> => {
  const head = await direct.catalogue.getWhole('mine');
  const versions = await storage.collection<ServiceDocument>({ name: 'service_versions', fields, sorts: ['version'] });
  const { rows } = await versions.query({ sort: { field: 'version', direction: 'ascending' }, limit: 100 });
  return rows.map(({ doc }) => doc).filter(({ incarnation }) => incarnation === head.doc.incarnation);
};
const fields = {
  version: { path: ['version'], type: 'number' },
  name: { path: ['name'], type: 'text' },
  createdAt: { path: ['createdAt'], type: 'time' },
  incarnation: { path: ['incarnation'], type: 'text' },
} as const;

test('two who change a service at once make a version each, and each stays what it was answered', async () => {
  const twice = async (replica: Replica): Promise<unknown> => [await change(2)(replica), await change(4)(replica)];
  await everyWay(
    [twice, change(3)],
    async (world, done) => {
      const versions = await versionsOf(world);
      assert.deepEqual(
        versions.map(({ version }) => version),
        versions.map((_, index) => index + 1),
      );
      for (const answered of done.flat() as readonly StoredService[]) {
        const { doc } = await world.direct.catalogue.get('mine', answered.doc.version);
        assert.deepEqual(doc.spec, answered.doc.spec);
        assert.deepEqual(versions[answered.doc.version - 1]?.spec, answered.doc.spec);
      }
      assert.equal(new Set(versions.map((each) => JSON.stringify(each.spec))).size, versions.length);
    },
    false,
  );
});

test('platforms that start at once put one version of each engine into the catalogue', async () => {
  const seed = async (replica: Replica): Promise<void> => {
    await replica.customers.seed();
    await replica.catalogue.seed();
  };
  await everyWay([seed, seed], async ({ direct }) => {
    await seed(direct);
    assert.equal((await direct.catalogue.get('small-engine')).doc.version, 1);
    assert.equal((await direct.customers.get('default')).version, 1);
  });
});

test('versions of a service that was deleted are none of the one that came after it', async () => {
  const again = async (replica: Replica): Promise<void> => {
    await replica.catalogue.delete('mine');
    await replica.catalogue.create({ name: 'mine', labels: {}, spec: spec(7) });
  };
  await everyWay([again], async (world) => {
    await world.direct.catalogue
      .create({ name: 'mine', labels: {}, spec: spec(7) })
      .catch((error: unknown) => assert.match(String(error), /already/));
    const [first, ...others] = await versionsOf(world);
    assert.deepEqual([first?.version, others], [1, []]);
    const { doc } = await world.direct.catalogue.get('mine');
    assert.deepEqual(first?.spec, doc.spec);
  });
});

test('a version that release 0.1.0 wrote and never published gives way to the one that is', async () => {
  const turns = { turn: async () => undefined, open: () => undefined };
  const world = await openReplicas({ turns, isSuspicious: true, schemas });
  const { direct, storage } = world;
  const services = await storage.collection<ServiceDocument>({ name: 'services', fields, sorts: [] });
  const versions = await storage.collection<ServiceDocument>({ name: 'service_versions', fields, sorts: ['version'] });
  const { doc, version } = await direct.catalogue.get('mine');
  const { incarnation: _incarnation, ...old } = doc;
  await services.save('mine', version, old);
  await versions.insert('mine@1', old);
  await versions.insert('mine@2', { ...old, version: 2, spec: spec(9) });
  assert.equal((await direct.catalogue.getWhole('mine')).doc.version, 1);
  await assert.rejects(direct.catalogue.get('mine', 2), { code: 'not-found' });
  await change(2)(direct);
  await change(3)(direct);
  assert.deepEqual((await direct.catalogue.get('mine', 1)).doc.spec, old.spec);
  assert.deepEqual((await direct.catalogue.get('mine', 2)).doc.spec, spec(2));
  assert.deepEqual((await direct.catalogue.get('mine', 3)).doc.spec, spec(3));
});
