import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { DumpRecord, Log, Storage } from '@simfleet/storage';
import { dumpToLoad } from '@simfleet/storage/documents';
import { mongoMissing } from '@simfleet/testing';
import { headsOf, type Head } from '../src/layout.ts';
import { seal } from '../src/log/heads.ts';
import { openFor } from './opener.ts';
import { server, type Server } from './servers.ts';

const positions = async ({ log }: Storage, after = 0): Promise<readonly string[]> =>
  (await log.read('s', after, 100_000)).map(({ position, key }) => `${position}:${key}`);

const appendMany = async ({ log }: Storage, from: number, through: number): Promise<void> => {
  for (let at = from; at <= through; at += 10) {
    const entries = Array.from({ length: Math.min(10, through - at + 1) }, (_, index) => ({
      key: `k${at + index}`,
      data: at + index,
    }));
    await log.append('s', entries);
  }
};

const append = (log: Log, count: number): Promise<unknown> =>
  log.append(
    's',
    Array.from({ length: count }, (_, index) => ({ key: `new ${index}`, data: index })),
  );

const expected = (from: number, through: number): readonly string[] =>
  Array.from({ length: through - from + 1 }, (_, index) => `${from + index}:k${from + index}`);

const headOf = (mongo: Server, url: string): Promise<Head | null> =>
  mongo.raw(url, (client) => headsOf(client.db()).findOne({ _id: 's' }));

const testLogs = (mongo: Server): void => {
  test('positions are given once while processes append, trim and read one stream', async (t) => {
    const url = mongo.databaseUrl();
    const handles = await Promise.all([1, 2, 3].map(() => openFor(t, url)));
    const given: number[] = [];
    let writers = handles.length;
    const write = async ({ log }: Storage, writer: number): Promise<void> => {
      for (let round = 0; round < 60; round += 1) {
        const entries = [0, 1, 2].map((each) => ({ key: `${writer}-${round}-${each}`, data: round }));
        given.push(...(await log.append('s', entries)).map(({ position }) => position));
      }
      writers -= 1;
    };
    const trim = async ({ log }: Storage): Promise<void> => {
      while (writers > 0) {
        const last = await log.last('s');
        await log.trim('s', last - 5);
        const read = await log.read('s', 0, 1000);
        read.forEach(({ position }, index) => assert.equal(position, (read[0]?.position ?? 0) + index));
      }
    };
    const trimmer = await openFor(t, url);
    await Promise.all([...handles.map(write), trim(trimmer)]);
    const through = handles.length * 180;
    assert.deepEqual(
      given.sort((a, b) => a - b),
      Array.from({ length: through }, (_, index) => index + 1),
    );
    assert.equal(await trimmer.log.last('s'), through);
    await Promise.all([...handles, trimmer].map((each) => each.close()));
  });

  test('a process that slept while it moved entries out of the head harms nothing', async (t) => {
    const url = mongo.databaseUrl();
    const storage = await openFor(t, url);
    await appendMany(storage, 1, 50);
    const early = await headOf(mongo, url);
    await appendMany(storage, 51, 60);
    const late = await headOf(mongo, url);
    assert.ok(early !== null && late !== null);
    const sealBy = (head: Head): Promise<void> => mongo.raw(url, (client) => seal(client.db(), head));
    await sealBy(early);
    await sealBy(late);
    assert.deepEqual(await positions(storage), expected(1, 60));
    await storage.log.trim('s', 55);
    await appendMany(storage, 61, 200);
    await sealBy(late);
    assert.deepEqual(await positions(storage), expected(56, 200));
    assert.deepEqual(await storage.log.append('s', [{ key: 'k58', data: 58 }]), [{ position: 58, duplicate: true }]);
    assert.deepEqual(await storage.log.append('s', [{ key: 'k5', data: 'new' }]), [
      { position: 201, duplicate: false },
    ]);
    await storage.log.drop('s');
    await sealBy(late);
    assert.deepEqual(await positions(storage), []);
    await appendMany(storage, 1, 3);
    assert.deepEqual(await positions(storage), expected(1, 3));
    await storage.close();
  });

  test('a drop during appends starts the stream anew, whole', async (t) => {
    const url = mongo.databaseUrl();
    const [writer, dropper] = [await openFor(t, url), await openFor(t, url)];
    let dropped = 0;
    const write = async (): Promise<void> => {
      for (let at = 0; dropped < 10 || at < 100; at += 1) {
        const { log } = writer;
        await log.append(
          's',
          [0, 1, 2].map((each) => ({ key: `${at}-${each}`, data: at })),
        );
        const found = await log.read('s', 0, 100_000).catch((error: unknown) => {
          assert.equal(errorCode(error), 'unavailable');
          return [];
        });
        found.forEach(({ position }, index) => assert.equal(position, index + 1));
        assert.equal(found.length % 3, 0);
      }
    };
    const drop = async (): Promise<void> => {
      for (; dropped < 10; dropped += 1) {
        while ((await dropper.log.last('s')) < 20);
        await dropper.log.drop('s');
      }
    };
    await Promise.all([write(), drop()]);
    await writer.log.drop('s');
    const left = await mongo.raw(url, (client) => client.db().collection('log.chunks').countDocuments());
    assert.equal(left, 0);
    await Promise.all([writer.close(), dropper.close()]);
  });

  for (const [what, change, through] of [
    ['trimmed where it is read next', ({ log }) => log.trim('s', 1500), null],
    ['dropped while it is read', ({ log }) => log.drop('s'), null],
    ['trimmed before it is read', ({ log }) => log.trim('s', 1500), 2500],
    ['trimmed whole and written on before it is read', ({ log }) => log.trim('s', 2500).then(() => append(log, 9)), 0],
    ['dropped and begun anew before it is read', ({ log }) => log.drop('s').then(() => append(log, 3000)), 0],
  ] satisfies readonly (readonly [string, (storage: Storage) => Promise<unknown>, number | null])[]) {
    test(`a stream that is ${what} makes no dump that cannot be loaded`, async (t) => {
      const storage = await openFor(t, mongo.databaseUrl());
      await storage.log.append('a', [{ key: 'first', data: 1 }]);
      for (let from = 1; from < 2500; from += 500) await appendMany(storage, from, from + 499);
      const early = what.includes('before');
      async function* dumped(): AsyncGenerator<DumpRecord> {
        for await (const record of storage.dump()) {
          yield record;
          if (record.kind === 'entry' && record.stream === (early ? 'a' : 's') && record.position === 1)
            await change(storage);
        }
      }
      const loaded: number[] = [];
      const load = async (): Promise<void> => {
        for await (const item of dumpToLoad(dumped())) if (item.kind === 'entry') loaded.push(item.position);
      };
      if (through === null) return assert.rejects(load, { code: 'unavailable', message: /"s"/ });
      await load();
      assert.equal(loaded.length > 1 ? loaded.at(-1) : 0, through);
    });
  }

  test('calls at once are written together', async (t) => {
    const url = mongo.databaseUrl();
    const storage = await openFor(t, url);
    await storage.log.append('s', [{ key: 'first', data: 0 }]);
    const calls = Array.from({ length: 50 }, (_, index) => storage.log.append('s', [{ key: `k${index}`, data: 1 }]));
    const told = (await Promise.all(calls)).flat().map(({ position }) => position);
    assert.deepEqual(
      told,
      Array.from({ length: 50 }, (_, index) => index + 2),
    );
    const head = await headOf(mongo, url);
    assert.equal(head?.tail.length, 51);
    await storage.close();
  });
};

const missing = mongoMissing();
if (missing === false) testLogs(server());
else test('mongodb: log', { skip: missing }, () => undefined);
