import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { mongoMissing, until } from '@simfleet/testing';
import { locksOf, stateOf } from '../src/layout.ts';
import { withLock } from '../src/lock.ts';
import { migrate, steps, type Step } from '../src/schema.ts';
import { earlierVersions } from './earlier-versions.ts';
import { server, type Server } from './servers.ts';

const quick = { silenceMs: 300, waitMs: 10_000 };

const testSchema = (mongo: Server): void => {
  test('there is a database of every earlier version to test with', () =>
    assert.equal(earlierVersions.length, steps.length + 1));

  for (const [version, { leave, find, found }] of earlierVersions.entries()) {
    test(`a database of version ${version} is brought up to date with what it holds`, async () => {
      const url = mongo.databaseUrl();
      await mongo.raw(url, async (client) => {
        await migrate(client.db(), steps.slice(0, version));
        await leave(client.db());
      });
      const storage = await openMongoStorage({ url });
      try {
        assert.deepEqual(await find(storage), found);
        await storage.log.append('later', [{ key: 'k', data: 1 }]);
      } finally {
        await storage.close();
      }
      const state = await mongo.raw(url, (client) => stateOf(client.db()).findOne({ _id: 'schema' }));
      assert.equal(state?.version, steps.length);
    });
  }

  test('a schema newer than this program is refused and left as it is', async () => {
    const url = mongo.databaseUrl();
    await (await openMongoStorage({ url })).close();
    const state = { _id: 'schema', version: steps.length + 1 } as const;
    await mongo.raw(url, (client) => stateOf(client.db()).replaceOne({ _id: 'schema' }, { version: state.version }));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const message = new RegExp(`schema version ${state.version}`);
      await assert.rejects(openMongoStorage({ url }), { code: 'invalid-configuration', message });
    }
    const left = await mongo.raw(url, (client) => stateOf(client.db()).findOne({ _id: 'schema' }));
    assert.deepEqual(left, state);
  });

  test('processes that start at once take each step once, in order', () =>
    mongo.raw(mongo.databaseUrl(), async (client) => {
      const taken: number[] = [];
      const numbered = [1, 2, 3].map(
        (number): Step =>
          async () =>
            void taken.push(number),
      );
      await Promise.all(Array.from({ length: 8 }, () => migrate(client.db(), numbered)));
      assert.deepEqual(taken, [1, 2, 3]);
    }));

  test('a step that failed, or whose process died, is taken again by the next; those before it are not', () =>
    mongo.raw(mongo.databaseUrl(), async (client) => {
      const db = client.db();
      const taken: string[] = [];
      const good: Step = async () => void taken.push('good');
      const bad: Step = () => Promise.reject(new Error('no'));
      await assert.rejects(migrate(db, [good, bad], quick), /no/);
      // What a killed process leaves.
      await locksOf(db).insertOne({ _id: 'schema', owner: 'dead', beat: 7 });
      const begin = performance.now();
      await migrate(db, [good, async () => void taken.push('mended')], quick);
      assert.ok(performance.now() - begin >= quick.silenceMs, 'the dead one was given its time');
      assert.deepEqual(taken, ['good', 'mended']);
      assert.equal(await locksOf(db).countDocuments(), 0);
    }));

  test('a holder that lives keeps the lock however long it takes; who waits too long is told', () =>
    mongo.raw(mongo.databaseUrl(), async (client) => {
      const db = client.db();
      let over = false;
      let holding = false;
      const work = withLock(
        db,
        'a long task',
        async () => {
          holding = true;
          await until('the end', () => over);
        },
        quick,
      );
      await until('the lock', () => holding);
      // The holder beats 25 times in this silence: a busy machine may keep some of them back.
      const hasty = withLock(db, 'a long task', async () => undefined, { silenceMs: 1500, waitMs: 2500 });
      await assert.rejects(hasty, { code: 'unavailable', message: /"a long task"/ });
      over = true;
      await work;
      await withLock(db, 'a long task', async () => undefined, quick);
    }));
};

const missing = mongoMissing();
if (missing === false) testSchema(server());
else test('mongodb: schema', { skip: missing }, () => undefined);
