import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { CollectionDeclaration, NewEvent, Storage } from '@simfleet/storage';
import { questionOf } from '@simfleet/storage/documents';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { mongoMissing } from '@simfleet/testing';
import type { MongoClient } from 'mongodb';
import { hintOf } from '../src/declare/indexes.ts';
import { rowsThat } from '../src/documents/conditions.ts';
import { sortOf, stretchesOf } from '../src/documents/page.ts';
import { stateOf } from '../src/layout.ts';
import type { Declared, Row } from '../src/layout.ts';
import { server, type Server } from './servers.ts';

interface Page {
  readonly customer: string;
  readonly title?: string;
  readonly size?: string;
  readonly more?: unknown;
}

const title = { path: ['title'], type: 'text' } as const;
const pages: CollectionDeclaration = { name: 'pages', fields: { title }, sorts: ['title'] };

const using = async <Answer>(url: string, work: (storage: Storage) => Promise<Answer>): Promise<Answer> => {
  const storage = await openMongoStorage({ url });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
};

const indexNames = async (client: MongoClient): Promise<readonly string[]> => {
  const all = (await client.db().collection('pages').listIndexes().toArray()) as readonly { readonly name: string }[];
  return all.map(({ name }) => name);
};

const titled = (id: string): NewEvent => ({
  specversion: '1.0',
  id,
  source: '/pages/a',
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: 'a', customer: 'acme', generation: 1, shard: 0, attempt: 1 },
});

const testStore = (mongo: Server): void => {
  test('documents come back to the letter, whatever their members are named', async () => {
    const deep = JSON.parse(`${'['.repeat(200)}1${']'.repeat(200)}`) as unknown;
    const more = JSON.parse(
      '{"a.b":1,"$set":{"$inc":2},"__proto__":{"x":1},"_bsontype":"ObjectId","$ref":"a","$id":"b","1":0,"":[[],{}]}',
    ) as object;
    const doc = { customer: 'acme', title: 'x', more: { ...more, deep, big: 2 ** 53, whole: 1e21, half: 0.5 } };
    await using(mongo.databaseUrl(), async (storage) => {
      const collection = await storage.collection<Page>(pages);
      await collection.insert('a', { customer: 'acme' });
      await collection.save('a', 1, doc);
      assert.equal(JSON.stringify((await collection.get('a'))?.doc), JSON.stringify(doc));
    });
  });

  test('a document and a call that MongoDB could not take are refused as such', () =>
    using(mongo.databaseUrl(), async (storage) => {
      const collection = await storage.collection<Page>(pages);
      const data = 'é'.repeat(7 * 1024 * 1024);
      const wrong = { code: 'invalid-request', message: /bytes/ };
      await assert.rejects(collection.insert('a', { customer: 'acme', more: data }), wrong);
      await assert.rejects(storage.log.append('s', [{ key: 'k', data }]), wrong);
      await storage.log.append('s', [{ key: 'k', data: data.slice(0, 4 * 1024 * 1024) }]);
      await storage.log.append('s', [{ key: 'l', data: data.slice(0, 5 * 1024 * 1024) }]);
      assert.equal((await storage.log.read('s', 0, 9)).length, 2);
    }));

  test('no event overtakes an earlier one of its aggregate, though the clock of its writer was behind', async () => {
    const url = mongo.databaseUrl();
    await using(url, async (storage) => {
      const collection = await storage.collection<Page>(pages);
      await collection.insert('a', { customer: 'acme' }, [titled('one')]);
      await collection.insert('b', { customer: 'acme' }, [{ ...titled('other'), source: '/pages/b' }]);
      await collection.save('a', 1, { customer: 'acme' }, [titled('two')]);
      await mongo.raw(url, (client) =>
        client
          .db()
          .collection<Row>('pages')
          .updateOne({ _id: 'a' }, { $set: { 'events.1.m': '000000000001-00000000-00000000' } }),
      );
      const ids = (await storage.outbox.pending(9)).map(({ event }) => event.id);
      assert.deepEqual(ids, ['one', 'two', 'other']);
    });
  });

  test('a tombstone that a death left without events does not hold its id', async () => {
    const url = mongo.databaseUrl();
    await using(url, async (storage) => {
      const collection = await storage.collection<Page>(pages);
      await mongo.raw(url, (client) => client.db().collection<Row>('pages').insertOne({ _id: 'a', events: [] }));
      assert.equal(await collection.get('a'), null);
      assert.equal((await collection.insert('a', { customer: 'acme' })).version, 1);
    });
  });

  test('a change of the declaration that a death cut short is made good at the next start', async () => {
    const url = mongo.databaseUrl();
    const size = { path: ['size'], type: 'integer64' } as const;
    const sized: CollectionDeclaration = { name: 'pages', fields: { size }, sorts: ['size'] };
    await using(url, async (storage) => {
      const collection = await storage.collection<Page>(pages);
      for (const [id, of] of [['a', '10'] as const, ['b', '9'] as const]) {
        await collection.insert(id, { customer: 'acme', title: id, size: of });
      }
    });
    await mongo.raw(url, async (client) => {
      const cut = { declaration: JSON.stringify(sized), ready: false };
      await client.db().collection<Declared>('simfleet.collections').updateOne({ _id: 'pages' }, { $set: cut });
    });
    await using(url, async (storage) => {
      const collection = await storage.collection<Page>(sized);
      const found = await collection.query({ sort: { field: 'size', direction: 'ascending' }, limit: 9 });
      assert.deepEqual(
        found.rows.map(({ id, position }) => [id, position.key]),
        [
          ['b', '9'],
          ['a', '10'],
        ],
      );
    });
    const names = await mongo.raw(url, async (client) => indexNames(client));
    assert.ok(names.includes('pages-sort-size') && !names.includes('pages-sort-title'), names.join(', '));
  });

  test('a database with part of a dump serves nobody, makes no dump and takes none until it is dropped', async () => {
    const url = mongo.databaseUrl();
    const toEnd = async ({ dump }: Storage): Promise<void> => {
      for await (const record of dump()) void record;
    };
    const refused = { code: 'invalid-configuration', message: /part of a dump/ };
    const whole = [{ kind: 'stream', name: 's', last: 1 }] as const;
    await using(url, async (storage) => {
      await (await storage.collection<Page>(pages)).insert('a', { customer: 'acme' });
      // What a killed load leaves.
      await mongo.raw(url, (client) => stateOf(client.db()).insertOne({ _id: 'load' }));
      await assert.rejects(storage.collection(pages), refused);
      await assert.rejects(toEnd(storage), refused);
      const load = storage.load(Readable.from(whole));
      await assert.rejects(load, { code: 'already-exists', message: /part of a dump.*[Dd]rop the database/ });
    });
    await mongo.raw(url, (client) => client.db().dropDatabase());
    await using(url, (storage) => storage.load(Readable.from(whole)));
  });

  test('a dump that a load has overtaken is none', async () => {
    const url = mongo.databaseUrl();
    await using(url, async (storage) => {
      await storage.collection<Page>(pages);
      const records = storage.dump()[Symbol.asyncIterator]();
      await records.next();
      await mongo.raw(url, (client) => stateOf(client.db()).insertOne({ _id: 'load' }));
      await assert.rejects(records.next(), { code: 'invalid-configuration', message: /part of a dump/ });
    });
  });

  test('a page walks along an index from where it starts, whatever it starts from', async () => {
    const url = mongo.databaseUrl();
    const text = (name: string) => ({ path: [name], type: 'text' }) as const;
    const fields = { customer: text('customer'), title, kind: text('kind') };
    const indexes = [{ equal: ['customer', 'kind'], sort: 'title' }];
    const declaration: CollectionDeclaration = { name: 'pages', fields, sorts: ['title'], indexes };
    await using(url, async (storage) => {
      const collection = await storage.collection<Page>(declaration);
      for (let each = 0; each < 60; each += 1) {
        const named = each < 20 ? {} : { title: `t${each % 7}` };
        await collection.insert(`i${each}`, { customer: `c${each % 2}`, ...named });
      }
    });
    const eq = (field: string, value: string) => ({ op: 'eq', field, value }) as const;
    const filters = [[], [eq('customer', 'c0')], [eq('customer', 'c0'), { ...eq('kind', ''), value: null }]] as const;
    await mongo.raw(url, async (client) => {
      const rows = client.db().collection<Row>('pages');
      const present = await indexNames(client);
      for (const [index, all] of filters.entries()) {
        for (const key of [null, 't3']) {
          for (const direction of ['ascending', 'descending'] as const) {
            const start = { key, id: 'i30' };
            const filter = { op: 'and', all } as const;
            const query = { filter, sort: { field: 'title', direction }, limit: 5, after: start } as const;
            const question = questionOf(declaration, query);
            const hint = hintOf(declaration, question) ?? '';
            assert.equal(
              hint,
              ['pages-sort-title', 'pages-sort-customer-title', 'pages-sort-customer-kind-title'][index],
            );
            assert.ok(present.includes(hint));
            // Plans are MongoDB's own: the wire-protocol server has none.
            if (mongo.kind === 'wire') continue;
            for (const stretch of stretchesOf(question)) {
              const found = rows.find(rowsThat(question.conditions, stretch), {
                sort: sortOf(question),
                limit: 6,
                hint,
              });
              const plan = (await found.explain('executionStats')) as {
                readonly executionStats: { readonly totalDocsExamined: number; readonly nReturned: number };
              };
              const { totalDocsExamined, nReturned } = plan.executionStats;
              assert.ok(totalDocsExamined <= nReturned, inspect(plan, { depth: 12 }));
              assert.doesNotMatch(JSON.stringify(plan), /"stage":"(COLLSCAN|SORT)"/);
            }
          }
        }
      }
    });
  });

  test('a label is one key with its value, not the key of one and the value of another', () =>
    using(mongo.databaseUrl(), async (storage) => {
      const collection = await storage.collection<Page & { readonly labels: Record<string, string> }>(pages);
      await collection.insert('a', { customer: 'acme', labels: { 'a.b/c"': '', tier: 'x' } });
      const count = (key: string, value: string) => collection.count({ op: 'label', key, value });
      assert.deepEqual([await count('tier', 'x'), await count('tier', ''), await count('a.b/c"', '')], [1, 0, 1]);
    }));

  test('a server that is not there is told with the reason', () =>
    assert.rejects(openMongoStorage({ url: 'mongodb://127.0.0.1:1/db?serverSelectionTimeoutMS=200' }), {
      code: 'unavailable',
      message: /ECONNREFUSED 127\.0\.0\.1:1/,
    }));

  test('a password is in no error', async () => {
    const secret = 'hunter2';
    for (const url of [
      `mongodb://me:${secret}@127.0.0.1:1/db?serverSelectionTimeoutMS=200`,
      `mongodb://me:${secret}@127.0.0.1:notaport/db`,
      `mongodb://me:${secret}@/db`,
      `mongodb://me:${secret}@127.0.0.1:1/db?w=`,
      `mongodb://me:${secret}%@127.0.0.1:1/db`,
    ]) {
      await assert.rejects(openMongoStorage({ url }), (error: Error & { readonly code?: string }) => {
        assert.match(String(error.code), /unavailable|invalid-configuration/);
        assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(secret), inspect(error, { depth: 20 }));
        return true;
      });
    }
  });

  test('the description tells the durability, and no secret', () =>
    using(mongo.databaseUrl(), async ({ description, shared }) => {
      assert.match(description, /^mongodb \d+\.\d+\S* \(w=majority, j=true\)$/);
      assert.equal(shared, true);
    }));
};

const missing = mongoMissing();
if (missing === false) testStore(server());
else test('mongodb: store', { skip: missing }, () => undefined);
