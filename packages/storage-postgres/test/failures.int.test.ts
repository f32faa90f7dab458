import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, chownSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { Collection, Document, Storage } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { runningTime, until } from '@simfleet/testing';
import { Client } from 'pg';
import { withPostgres } from './server.ts';

interface Thing extends Document {
  readonly size: number;
}

const openThings = (storage: Storage): Promise<Collection<Thing>> =>
  storage.collection<Thing>({ name: 'things', fields: {}, sorts: [] });
const thing = (size: number): Thing => ({ customer: 'acme', size });
const unavailable = { code: 'unavailable' };
/** Short, so that the tests are. */
const limits = { connectMs: 1000, statementMs: 1500 };
/** What every call is bounded by, and some room for a slow machine. */
const bound = limits.connectMs + limits.statementMs + 3000;
const running = runningTime();

/** Expects a call to be refused as `unavailable` within its bound. */
const refusedInTime = async (call: () => Promise<unknown>): Promise<void> => {
  const start = running();
  await assert.rejects(call, unavailable);
  assert.ok(running() - start < bound, `took ${running() - start} ms`);
};

/** Of stores to the database that is asked. */
const connections = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'simfleet' AND datname = current_database()`;

withPostgres((server) => {
  const open = async (): Promise<Storage> => openPostgresStorage({ url: await server().createDatabase(), limits });

  for (const [what, down] of [
    ['killed', () => server().kill()],
    ['shut down', () => server().shutDown()],
  ] as const) {
    test(`a server that is ${what} is unavailable at once; when it is back, the store works by itself`, async () => {
      const storage = await open();
      const things = await openThings(storage);
      await things.insert('a', thing(1));
      // Several connections, in use and idle, are cut.
      await Promise.all(Array.from({ length: 8 }, () => things.get('a')));
      const under = Array.from({ length: 4 }, (_, index) => storage.log.append(`s${index}`, [{ key: 'k', data: 1 }]));
      const settled = Promise.allSettled(under);
      await down();
      for (const result of await settled) {
        if (result.status === 'rejected') assert.equal((result.reason as { code?: unknown }).code, 'unavailable');
      }
      await refusedInTime(() => things.get('a'));
      await refusedInTime(() => things.insert('b', thing(1)));
      await refusedInTime(() => storage.log.append('s', [{ key: 'k', data: 1 }]));
      await refusedInTime(() => storage.check());
      await server().start();
      await until('the store to work again', () => things.get('a').catch(() => null));
      await things.insert('b', thing(2));
      await storage.close();
    });
  }

  test('a server that stops answering blocks nobody for ever, and is used again when it goes on', async () => {
    const storage = await open();
    const things = await openThings(storage);
    await things.insert('a', thing(1));
    server().pause();
    try {
      // More callers than connections: some wait for a connection, some for an answer.
      await Promise.all(Array.from({ length: 30 }, () => refusedInTime(() => things.get('a'))));
      await refusedInTime(() => storage.check());
    } finally {
      server().resume();
    }
    await until('the store to work again', () => things.get('a').catch(() => null));
    await storage.close();
  });

  test('a server that has stopped keeps nobody from closing', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url, limits });
    const checks = (): Promise<unknown> => Promise.all([storage.check(), storage.check(), storage.check()]);
    await checks();
    await until('three connections', async () => (await server().sql(connections, url)) === '3');
    await checks();
    server().pause();
    try {
      const start = running();
      const call = refusedInTime(() => storage.check());
      await storage.close();
      assert.ok(running() - start < bound, `took ${running() - start} ms`);
      await call;
    } finally {
      server().resume();
    }
  });

  test('200 callers, ten connections and a server that is killed: every acknowledged write is there, no connection is left over', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url, limits });
    const things = await openThings(storage);
    const acknowledged = new Set<string>();
    let [done, refused] = [false, 0];
    const calling = Array.from({ length: 200 }, async (_, caller) => {
      for (let round = 0; !done; round += 1) {
        const id = `${caller}-${round}`;
        try {
          await things.insert(id, thing(round));
          acknowledged.add(id);
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, 'unavailable', inspect(error));
          refused += 1;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    await until('writes', () => acknowledged.size > 500);
    await server().kill();
    await server().start();
    const before = acknowledged.size;
    await until('writes again', () => acknowledged.size > before + 500);
    assert.ok(Number(await server().sql(connections, url)) <= 10);
    done = true;
    await Promise.all(calling);
    assert.ok(refused > 0);
    await storage.close();
    await until('the connections to end', async () => (await server().sql(connections, url)) === '0');
    const ids = new Set((await server().sql('SELECT id FROM simfleet.c_things', url)).split('\n'));
    assert.deepEqual(
      [...acknowledged].filter((id) => !ids.has(id)),
      [],
    );
  });

  test('a connection that an administrator ends costs one call at most', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url, limits });
    const things = await openThings(storage);
    await things.insert('a', thing(1));
    await server().sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      url,
    );
    await things.get('a').catch((error: unknown) => assert.equal((error as { code?: unknown }).code, 'unavailable'));
    assert.equal((await things.get('a'))?.version, 1);
    await storage.close();
  });

  test('a statement that waits too long for another transaction is unavailable, and its connection is used again', async () => {
    const url = await server().createDatabase();
    const storage = await openPostgresStorage({ url, limits });
    const things = await openThings(storage);
    await things.insert('a', thing(1));
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query('BEGIN');
    await other.query(`UPDATE simfleet.c_things SET version = 1 WHERE id = 'a'`);
    await refusedInTime(() => things.save('a', 1, thing(2)));
    await other.query('ROLLBACK');
    await other.end();
    assert.equal((await things.save('a', 1, thing(2))).version, 2);
    await storage.close();
  });

  test('a wrong password, an unknown database and a right that is missing are mistakes of configuration, told without the password', async () => {
    const url = new URL(await server().createDatabase());
    await server().sql(`CREATE ROLE stranger LOGIN PASSWORD 'se-cret'`);
    for (const change of [
      (mine: URL) => (mine.password = 'se-cret'),
      (mine: URL) => (mine.pathname = '/nowhere'),
      (mine: URL) => ([mine.username, mine.password] = ['stranger', 'se-cret']),
      (mine: URL) => (mine.href = `postgres://u:se-cret@127.0.0.1:${server().port}x/db`),
    ]) {
      const mine = new URL(url);
      let text: string;
      try {
        change(mine);
        text = mine.href;
      } catch {
        text = `postgres://u:se-cret@127.0.0.1:${server().port}x/db`;
      }
      await assert.rejects(openPostgresStorage({ url: text, limits }), (error: unknown) => {
        assert.equal((error as { code?: unknown }).code, 'invalid-configuration', inspect(error));
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(`se-cret|${url.password}`));
        return true;
      });
    }
  });

  for (const url of ['postgres', 'postgres:', 'postgres:/me:se-cret@127.0.0.1/db', 'postgresql:127.0.0.1/db']) {
    test(`"${url}" is no URL of a store, and is not guessed at`, () =>
      assert.rejects(openPostgresStorage({ url, limits }), (error: Error & { readonly code?: string }) => {
        assert.equal(error.code, 'invalid-configuration', inspect(error));
        assert.match(error.message, /postgres:\/\/host\/database/);
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /se-cret/);
        return true;
      }));
  }

  test('where nothing listens the store does not open', async () => {
    const url = new URL(server().url);
    url.port = '1';
    await refusedInTime(() => openPostgresStorage({ url: url.href, limits }));
  });

  test('a full disk is `storage-full`; nothing is lost, and the store goes on when there is room', async (t) => {
    const disk = mkdtempSync(join(tmpdir(), 'simfleet-pg-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'pipe' });
    } catch (error) {
      rmSync(disk, { recursive: true });
      return t.skip(`no file system can be mounted here: ${(error as Error).message.split('\n').at(-2) ?? ''}`);
    }
    try {
      const { uid, gid } = statSync(server().directory);
      chownSync(disk, uid, gid);
      await server().sql(`CREATE TABLESPACE small LOCATION '${disk}'`);
      await server().sql('CREATE DATABASE full_disk TABLESPACE small');
      const url = new URL(server().url);
      url.pathname = '/full_disk';
      const storage = await openPostgresStorage({ url: url.href });
      let acknowledged = 0;
      // Text that does not compress.
      const data = Array.from({ length: 20_000 }, () => Math.random().toString(36).slice(2, 3)).join('');
      const fill = async (): Promise<void> => {
        for (;;) {
          await storage.log.append('s', [{ key: `${acknowledged}`, data }]);
          acknowledged += 1;
        }
      };
      await assert.rejects(fill(), { code: 'storage-full', message: /disk/ });
      assert.ok(acknowledged > 10);
      assert.equal(await storage.log.last('s'), acknowledged);
      execFileSync('mount', ['-o', 'remount,size=64m', disk]);
      const [next] = await storage.log.append('s', [{ key: 'room', data }]);
      assert.equal(next?.position, acknowledged + 1);
      await storage.close();
      await server().sql('DROP DATABASE full_disk');
      await server().sql('DROP TABLESPACE small');
    } finally {
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
