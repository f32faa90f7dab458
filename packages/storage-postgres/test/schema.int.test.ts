import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionDeclaration, Document } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { until } from '@simfleet/testing';
import { Client } from 'pg';
import { Connections } from '../src/connections.ts';
import { migrate } from '../src/migrate.ts';
import { migrations } from '../src/migrations.ts';
import { collectionStatements } from '../src/statements.ts';
import { withPostgres } from './server.ts';

interface Page extends Document {
  readonly title?: string;
  readonly size?: string | number;
}

const title = { path: ['title'], type: 'text' } as const;
const byTitle: CollectionDeclaration = { name: 'pages', fields: { title }, sorts: ['title'] };
const connect = (url: string): Connections =>
  new Connections({ connectionString: url }, 4, { connectMs: 5000, statementMs: 5000 }, '');

/** What each schema version could hold: rows written by hand as that version's code would have. Add a line with each migration. */
const contentOf: readonly string[] = [
  `INSERT INTO simfleet.streams (name, last) VALUES ('s', 2);
   INSERT INTO simfleet.entries SELECT id, 2, 'b', '2' FROM simfleet.streams;
   CREATE TABLE simfleet.c_pages (id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, doc jsonb NOT NULL,
     labels jsonb GENERATED ALWAYS AS (doc -> 'labels') STORED);
   INSERT INTO simfleet.collections VALUES ('pages', '{"name":"pages","fields":{},"sorts":[]}');
   INSERT INTO simfleet.c_pages (id, version, doc) VALUES ('a', 7, '{"customer":"acme","title":"old"}')`,
];

withPostgres((server) => {
  for (let version = 0; version <= migrations.length; version += 1) {
    test(`a database of schema version ${version} is brought to the newest, with what is in it`, async () => {
      const url = await server().createDatabase();
      const connections = connect(url);
      if (version > 0) {
        await migrate(connections, migrations.slice(0, version));
        await server().sql(contentOf[version - 1] ?? assert.fail('no content of this version'), url);
      }
      await migrate(connections);
      await migrate(connections);
      await connections.close();
      const storage = await openPostgresStorage({ url });
      const pages = await storage.collection<Page>(byTitle);
      if (version > 0) {
        const page = await pages.query({ sort: { field: 'title', direction: 'ascending' }, limit: 1 });
        assert.deepEqual(page.rows[0]?.position, { key: 'old', id: 'a' });
        assert.equal((await pages.save('a', 7, { customer: 'acme' })).version, 8);
        assert.deepEqual(await storage.log.read('s', 0, 9), [{ position: 2, key: 'b', data: 2 }]);
      }
      const [appended] = await storage.log.append('s', [{ key: 'c', data: 3 }]);
      assert.equal(appended?.position, version > 0 ? 3 : 1);
      await storage.close();
    });
  }

  test('migrations run once and in order, however many ask at once, and a failing one leaves the schema it found', async () => {
    const url = await server().createDatabase();
    const all = Array.from({ length: 6 }, () => connect(url));
    const steps = ['CREATE TABLE simfleet.a (x int)', 'INSERT INTO simfleet.a VALUES (1)'];
    await Promise.all(all.map((each) => migrate(each, steps.slice(0, 1))));
    await Promise.all(all.map((each) => migrate(each, steps)));
    assert.equal(await server().sql('SELECT count(*) FROM simfleet.a', url), '1');
    const broken = [...steps, 'INSERT INTO simfleet.a VALUES (2); CREATE TABLE simfleet.a (x int)'];
    await assert.rejects(migrate(all[0] ?? assert.fail(), broken), { code: 'unavailable' });
    assert.equal(await server().sql('SELECT count(*) FROM simfleet.a', url), '1');
    assert.equal(await server().sql('SELECT version FROM simfleet.schema_version', url), '2');
    await Promise.all(all.map((each) => each.close()));
  });

  test('a schema newer than this code is refused and left as it is', async () => {
    const url = await server().createDatabase();
    await (await openPostgresStorage({ url })).close();
    await server().sql('UPDATE simfleet.schema_version SET version = 999', url);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(openPostgresStorage({ url }), {
        code: 'invalid-configuration',
        message: /schema version 999/,
      });
    }
  });

  test('a changed declaration draws its keys out of the documents that are there', async () => {
    const url = await server().createDatabase();
    const first = await openPostgresStorage({ url });
    const pages = await first.collection<Page>(byTitle);
    await pages.insert('a', { customer: 'acme', title: 'x', size: '10' });
    await pages.insert('b', { customer: 'acme', title: 'y', size: '9' });
    const second = await openPostgresStorage({ url });
    const size = { path: ['size'], type: 'integer64' } as const;
    const resized = await second.collection<Page>({ name: 'pages', fields: { size }, sorts: ['size'] });
    const sort = { field: 'size', direction: 'ascending' } as const;
    const ids = async (): Promise<readonly string[]> =>
      (await resized.query({ sort, limit: 10 })).rows.map(({ id }) => id);
    assert.deepEqual(await ids(), ['b', 'a']);
    // A process that still has the older declaration knows nothing of sizes; its documents are in their place all the same.
    await pages.insert('c', { customer: 'acme', size: '8' });
    assert.deepEqual(await ids(), ['c', 'b', 'a']);
    const wrong = { name: 'pages', fields: { size: { path: ['size'], type: 'number' } }, sorts: [] } as const;
    await assert.rejects(second.collection(wrong), { code: 'invalid-configuration', message: /pages "a" .*\/size/ });
    assert.deepEqual(await ids(), ['c', 'b', 'a'], 'the refused declaration has changed nothing');
    await Promise.all([first.close(), second.close()]);
  });

  test('a dump holds everything of its moment though a collection is declared otherwise meanwhile', async () => {
    const url = await server().createDatabase();
    const [first, second] = [await openPostgresStorage({ url }), await openPostgresStorage({ url })];
    const early = await first.collection<Page>({ name: 'early', fields: {}, sorts: [] });
    const pages = await first.collection<Page>({ name: 'pages', fields: {}, sorts: [] });
    for (const each of [early, pages]) await each.insert('a', { customer: 'acme' });
    const dump = first.dump()[Symbol.asyncIterator]();
    assert.equal((await dump.next()).done, false);
    const kinds: string[] = [];
    // The new column writes the table anew, and that is empty for who has begun to read before.
    const declaring = second.collection<Page>(byTitle);
    const waits = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    let declared = false;
    void declaring.finally(() => (declared = true));
    await until(
      'the declaration to be over or to wait',
      async () => declared || (await server().sql(waits, url)) === '1',
    );
    for (let next = await dump.next(); next.done !== true; next = await dump.next()) kinds.push(next.value.kind);
    assert.deepEqual(kinds, ['document', 'collection', 'document']);
    await declaring;
    await Promise.all([first.close(), second.close()]);
  });

  test('processes of two versions that start together both get their indexes or are told why not, and no document is lost', async () => {
    const url = await server().createDatabase();
    const bySize: CollectionDeclaration = {
      name: 'pages',
      fields: { size: { path: ['size'], type: 'text' } },
      sorts: ['size'],
    };
    const starts = [byTitle, bySize, byTitle, bySize, byTitle, bySize].map(async (declaration, id) => {
      const storage = await openPostgresStorage({ url });
      try {
        await (
          await storage.collection<Page>(declaration)
        ).insert(`${id}`, { customer: 'acme', title: 't', size: 's' });
        return 'started';
      } catch (error) {
        assert.match(String(error), /has no usable index over/);
        return 'refused';
      } finally {
        await storage.close();
      }
    });
    const started = (await Promise.all(starts)).filter((what) => what === 'started').length;
    assert.ok(started > 0);
    assert.equal(await server().sql('SELECT count(*) FROM simfleet.c_pages', url), String(started));
    const storage = await openPostgresStorage({ url });
    const pages = await storage.collection<Page>(byTitle);
    const page = await pages.query({ sort: { field: 'title', direction: 'ascending' }, limit: 10 });
    assert.equal(page.rows.length, started);
    await storage.close();
  });

  test('a field of another type in one process costs one call at most', async () => {
    const storage = await openPostgresStorage({ url: await server().createDatabase(), connections: 1 });
    const query = { sort: { field: 'size', direction: 'ascending' }, limit: 1 } as const;
    for (const type of ['integer64', 'number'] as const) {
      const pages = await storage.collection<Page>({
        name: 'pages',
        fields: { size: { path: ['size'], type } },
        sorts: ['size'],
      });
      await pages.query(query).catch(() => null);
      assert.deepEqual((await pages.query(query)).rows, []);
    }
    await storage.close();
  });

  test('an index that is invalid, partial, or of another order or collation is refused, and an administrator’s own stays', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url });
    await storage.collection(byTitle);
    const refused = { code: 'invalid-configuration', message: /"pages" .*title.*CREATE INDEX "pages\.title"/ };
    for (const harm of [
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'simfleet."pages.title"'::regclass`,
      `CREATE INDEX "pages.title" ON simfleet.c_pages (f_title, id) WHERE f_title > ''`,
      'CREATE INDEX "pages.title" ON simfleet.c_pages (f_title DESC, id)',
      'CREATE INDEX "pages.title" ON simfleet.c_pages (f_title)',
      'CREATE INDEX "pages.title" ON simfleet.c_pages (f_title COLLATE "en-x-icu", id)',
    ]) {
      if (harm.startsWith('CREATE')) await server().sql('DROP INDEX simfleet."pages.title"', url);
      await server().sql(harm, url);
      await assert.rejects(storage.collection(byTitle), refused);
    }
    const told: unknown = await storage.collection(byTitle).catch((error: unknown) => error);
    const [, mend = ''] = /Make it: (.*)\.?$/.exec((told as { detail: string }).detail) ?? [];
    await server().sql(mend, url);
    await server().sql('CREATE INDEX mine ON simfleet.c_pages (version)', url);
    await storage.collection(byTitle);
    await storage.collection({ ...byTitle, sorts: [] });
    assert.equal(
      await server().sql(`SELECT count(*) FROM pg_indexes WHERE indexname IN ('mine', 'pages.title')`, url),
      '1',
    );
    await storage.close();
  });

  test('an insert that waits for the delete of its id finds the tombstone', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url });
    const pages = await storage.collection<Page>(byTitle);
    const other = new Client({ connectionString: url });
    await other.connect();
    const { removeTelling } = collectionStatements('pages');
    for (const wait of [true, false]) {
      const id = `waits ${wait}`;
      await pages.insert(id, { customer: 'acme' });
      await other.query('BEGIN');
      await other.query(removeTelling.text, [id, 1, ['/pages/a'], ['{}']]);
      const inserting = pages.insert(id, { customer: 'acme' }).then(
        () => 'inserted',
        (error: unknown) => (error as { code: string }).code,
      );
      if (wait) {
        await server().sql(
          `DO $$ BEGIN FOR i IN 1..500 LOOP
             EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock');
             PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot();
           END LOOP; END $$`,
          url,
        );
      }
      await other.query('COMMIT');
      assert.equal(await inserting, 'already-exists');
    }
    await other.end();
    await storage.close();
  });

  for (const encoding of ['SQL_ASCII', 'LATIN1']) {
    test(`a database in the encoding ${encoding} is refused`, async () => {
      const name = encoding.toLowerCase();
      await server().sql(`CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`);
      const url = new URL(server().url);
      url.pathname = `/${name}`;
      await assert.rejects(openPostgresStorage({ url: url.href }), {
        code: 'invalid-configuration',
        message: new RegExp(encoding),
      });
    });
  }

  test('commits wait for the disk though the database was told not to', async () => {
    const url = await server().createDatabase();
    await server().sql(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
    const storage = await openPostgresStorage({ url });
    assert.match(storage.description, /^postgresql \d+(\.\d+)* \(synchronous_commit=on/);
    await storage.close();
  });
});
