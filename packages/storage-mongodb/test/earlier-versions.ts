import type { Storage } from '@simfleet/storage';
import type { Db } from 'mongodb';

/** What a program of an earlier version left in a database, and what must be found of it today. */
interface EarlierVersion {
  /** Writes as that program did, after its own steps. Written out here, because the program of today writes otherwise. */
  readonly leave: (db: Db) => Promise<unknown>;
  readonly find: (storage: Storage) => Promise<unknown>;
  readonly found: unknown;
}

/** Names, fields and marks as version 1 has them. */
const version1: EarlierVersion = {
  async leave(db) {
    const doc = { customer: 'acme', title: 'kept' };
    await db.collection<{ _id: string }>('simfleet.collections').insertOne({
      _id: 'pages',
      ...{
        declaration: '{"name":"pages","fields":{"title":{"path":["title"],"type":"text"}},"sorts":["title"]}',
        ready: true,
      },
    });
    await db.collection('pages').createIndexes([
      { name: 'pages-sort-title', key: { 'keys.title': 1, _id: 1 } },
      { name: 'pages-labels', key: { labels: 1 } },
      { name: 'pages-outbox', key: { 'events.m': 1 }, sparse: true },
    ]);
    await db.collection<{ _id: string }>('pages').insertOne({
      _id: 'a\ud7fd\u4e05\u4e00',
      ...{ v: 3, doc: JSON.stringify(doc), keys: { title: 'kept' }, labels: [], shape: '000000000000' },
      ...{
        events: [{ m: '0001', source: '/pages/a', text: '{"id":"waiting","source":"/pages/a","sourceversion":3}' }],
      },
    });
    const entry = (p: number): object => ({ p, k: `k${p}`, d: `${p}` });
    await db.collection<{ _id: string }>('log.streams').insertOne({
      _id: 's',
      ...{ e: 'e', last: 5, t: 1, tail: [entry(4), entry(5)] },
    });
    await db.collection<{ _id: string }>('log.chunks').insertOne({
      _id: 's\0e\x000000000000000001',
      ...{ s: 's', e: 'e', n: 3, entries: [entry(1), entry(2), entry(3)] },
    });
  },
  async find({ log, outbox, collection }) {
    const title = { path: ['title'], type: 'text' } as const;
    const pages = await collection({ name: 'pages', fields: { title }, sorts: ['title'] });
    const page = await pages.query({ sort: { field: 'title', direction: 'descending' }, limit: 9 });
    const entries = await log.read('s', 0, 9);
    return {
      rows: page.rows.map(({ id, version, doc }) => ({ id, version, doc })),
      events: (await outbox.pending(9)).map(({ event }) => event.id),
      entries: entries.map(({ position, key, data }) => [position, key, data]),
      appended: await log.append('s', [
        { key: 'k2', data: 2 },
        { key: 'k1', data: 'again' },
      ]),
    };
  },
  found: {
    rows: [{ id: 'a\ufffd', version: 3, doc: { customer: 'acme', title: 'kept' } }],
    events: ['waiting'],
    entries: [
      [2, 'k2', 2],
      [3, 'k3', 3],
      [4, 'k4', 4],
      [5, 'k5', 5],
    ],
    appended: [
      { position: 2, duplicate: true },
      { position: 6, duplicate: false },
    ],
  },
};

const nothing: EarlierVersion = { leave: async () => undefined, find: async () => null, found: null };

/** By the version that left it. A new step needs the last one's here. */
export const earlierVersions: readonly EarlierVersion[] = [nothing, version1];
