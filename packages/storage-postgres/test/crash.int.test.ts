import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { Document, Storage } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { until, type PostgresServer } from '@simfleet/testing';
import { withPostgres } from './server.ts';

interface Counter extends Document {
  readonly total: number;
}

const rounds = process.env['SIMFLEET_CHAOS'] === '1' ? 50 : 4;

/** What a writer was told, to be looked for afterwards. */
interface Told {
  readonly versions: Map<string, number>;
  readonly positions: Map<number, string>;
}

/** Writes until the server is gone; everything that was acknowledged goes into `told`. */
const writeOn = async (storage: Storage, writer: number, told: Told, acknowledged: () => void): Promise<void> => {
  const counters = await storage.collection<Counter>({ name: 'counters', fields: {}, sorts: [] });
  const id = `counter-${writer}`;
  try {
    for (let round = 0; ; round += 1) {
      const now = await counters.get(id);
      const doc = { customer: 'acme', total: (now?.doc.total ?? 0) + 1 };
      const { version } = now === null ? await counters.insert(id, doc) : await counters.save(id, now.version, doc);
      told.versions.set(id, version);
      acknowledged();
      const key = `${writer}-${version}-${round}-${performance.now()}`;
      const [appended] = await storage.log.append('s', [{ key, data: version }]);
      if (appended !== undefined) told.positions.set(appended.position, key);
      acknowledged();
    }
  } catch (error) {
    assert.equal(errorCode(error), 'unavailable', String(error));
  }
};

const check = async (storage: Storage, told: Told): Promise<void> => {
  const counters = await storage.collection<Counter>({ name: 'counters', fields: {}, sorts: [] });
  for (const [id, version] of told.versions) {
    const stored = await counters.get(id);
    assert.ok(stored !== null && stored.version >= version, `${id} is at ${String(stored?.version)}, told ${version}`);
    assert.equal(stored.doc.total, stored.version, 'no update was lost or done twice');
  }
  const entries = await storage.log.read('s', 0, 1_000_000);
  entries.forEach(({ position }, index) => assert.equal(position, index + 1, 'no gap'));
  for (const [position, key] of told.positions) assert.equal(entries[position - 1]?.key, key);
};

const killAmidWrites = async (server: PostgresServer, storage: Storage, told: Told, moment: number): Promise<void> => {
  let count = 0;
  let killing: Promise<void> | null = null;
  const acknowledged = (): void => {
    count += 1;
    if (count >= moment) killing ??= server.kill();
  };
  await Promise.all([0, 1, 2, 3].map((writer) => writeOn(storage, writer, told, acknowledged)));
  await (killing ?? server.kill());
  await server.start();
  await until('the store to work again', () =>
    storage.check().then(
      () => true,
      () => false,
    ),
  );
};

withPostgres(
  (server) => {
    test(`the server is killed ${rounds} times amid writes: every acknowledged write is there, none twice`, async () => {
      const storage = await openPostgresStorage({ url: await server().createDatabase() });
      const told: Told = { versions: new Map(), positions: new Map() };
      for (let round = 0; round < rounds; round += 1) {
        await killAmidWrites(server(), storage, told, 20 + round * 17);
        await check(storage, told);
      }
      assert.equal(told.versions.size, 4);
      await storage.close();
    });
  },
  { fsync: true },
);
