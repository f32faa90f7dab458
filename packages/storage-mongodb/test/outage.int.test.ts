import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { mongoMissing, runningTime, startMongo, until, type TestMongo } from '@simfleet/testing';
import { openFor } from './opener.ts';

interface Note {
  readonly customer: string;
  readonly weight: number;
}

const notes = {
  name: 'notes',
  fields: { weight: { path: ['weight'], type: 'number' } },
  sorts: ['weight'],
} as const;

const rounds = process.env['SIMFLEET_CHAOS'] === '1' ? 30 : 3;
/** Short bounds, so that the tests need not wait for the usual ones. */
const impatient = '?socketTimeoutMS=500&serverSelectionTimeoutMS=500&connectTimeoutMS=500&waitQueueTimeoutMS=500';

const expectUnavailable = (error: unknown): void => assert.equal(errorCode(error), 'unavailable', String(error));

const testOutages = (mongo: TestMongo): void => {
  test('the server killed while it is written to: every acknowledged write is there, and writing goes on by itself', async (t) => {
    const storage = await openFor(t, mongo.databaseUrl() + impatient);
    const collection = await storage.collection<Note>(notes);
    let over = false;
    const appended = new Map<number, string>();
    let saved = 0;
    let refusals = 0;
    const refuse = (error: unknown): void => {
      expectUnavailable(error);
      refusals += 1;
    };
    const append = async (writer: number): Promise<void> => {
      for (let round = 0; !over; round += 1) {
        const key = `${writer}-${round}`;
        try {
          for (const { position } of await storage.log.append('s', [{ key, data: round }])) appended.set(position, key);
        } catch (error) {
          refuse(error);
        }
      }
    };
    const save = async (): Promise<void> => {
      await collection.insert('a', { customer: 'acme', weight: 1 });
      for (saved = 1; !over;) {
        try {
          // What was asked when the server died may be there or not: reading tells.
          const version = (await collection.get('a'))?.version ?? 0;
          assert.ok(version >= saved, `${version} is there, ${saved} was acknowledged`);
          saved = (await collection.save('a', version, { customer: 'acme', weight: version + 1 })).version;
        } catch (error) {
          refuse(error);
        }
      }
    };
    const writing = [append(1), append(2), save()];
    for (let round = 0; round < rounds; round += 1) {
      const before = appended.size;
      await until('writes', () => appended.size > before + 20 && saved > 1, 20_000);
      await mongo.kill();
      await mongo.restart();
    }
    const before = appended.size;
    await until('writes after the last death', () => appended.size > before + 20, 20_000);
    over = true;
    await Promise.all(writing);
    assert.ok(refusals > 0, 'the deaths were noticed');
    const entries = await storage.log.read('s', 0, 100_000);
    entries.forEach(({ position }, index) => assert.equal(position, index + 1));
    for (const [position, key] of appended) assert.equal(entries[position - 1]?.key, key);
    assert.equal(new Set(entries.map(({ key }) => key)).size, entries.length, 'nothing is there twice');
    const last = await collection.get('a');
    assert.ok(last !== null && last.version >= saved);
    assert.equal(last.doc.weight, last.version);
    await storage.close();
  });

  test('a server that stands still blocks nobody for ever, and is used again when it goes on', async (t) => {
    const storage = await openFor(t, mongo.databaseUrl() + impatient);
    const collection = await storage.collection<Note>(notes);
    await collection.insert('a', { customer: 'acme', weight: 1 });
    mongo.pause();
    const running = runningTime();
    const calls = [
      storage.check(),
      collection.get('a'),
      collection.save('a', 1, { customer: 'acme', weight: 2 }),
      collection.query({ sort: { field: 'weight', direction: 'ascending' }, limit: 1 }),
      storage.log.append('s', [{ key: 'k', data: 1 }]),
      storage.outbox.pending(1),
    ];
    for (const { status, ...rest } of await Promise.allSettled(calls)) {
      assert.equal(status, 'rejected');
      expectUnavailable('reason' in rest ? rest.reason : undefined);
    }
    assert.ok(running() < 3000, 'within the bounds of the URL');
    mongo.resume();
    await until(
      'the server to be used again',
      () =>
        storage.check().then(
          () => true,
          () => false,
        ),
      20_000,
    );
    const stored = await collection.get('a');
    assert.ok(stored !== null);
    assert.equal((await collection.save('a', stored.version, { customer: 'acme', weight: 3 })).doc.weight, 3);
    await storage.close();
  });

  test('no server: `unavailable` at the start, soon, and the store can be opened when there is one', async (t) => {
    const url = mongo.databaseUrl() + impatient;
    await mongo.kill();
    await assert.rejects(openMongoStorage({ url }), (error) => {
      expectUnavailable(error);
      return true;
    });
    await mongo.restart();
    const storage = await openFor(t, url);
    await storage.check();
    await storage.close();
  });
};

// This is about the adapter: a server of our own dies, whatever the other tests run on.
const missing = mongoMissing({ killable: true });
if (missing === false) {
  const mongo = await startMongo({ persistent: true, killable: true });
  after(() => mongo.stop());
  testOutages(mongo);
} else test('mongodb: outages', { skip: missing }, () => undefined);
