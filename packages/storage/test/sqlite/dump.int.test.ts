import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { DumpRecord, Storage } from '@simfleet/storage';
import { openSqliteDump, openSqliteStorage, type SqliteStorage } from '@simfleet/storage/sqlite';
import { temporaryDirectories } from './directories.ts';

const makeDirectory = temporaryDirectories();
const fresh = async (): Promise<string> => join(await makeDirectory(), 'store.db');

const recordsOf = async (storage: Pick<Storage, 'dump'>): Promise<readonly DumpRecord[]> => {
  const records: DumpRecord[] = [];
  for await (const record of storage.dump()) records.push(record);
  return records;
};

const append = (storage: SqliteStorage, stream: string, count: number): Promise<unknown> =>
  storage.log.append(
    stream,
    Array.from({ length: count }, (_, index) => ({ key: `${index}`, data: 'x'.repeat(100) })),
  );

test('a file is dumped beside the platform that holds its directory, as it was at the first record, while that goes on writing', async () => {
  const file = await fresh();
  const storage = await openSqliteStorage({ file });
  await append(storage, 'early', 2000);
  const before = await recordsOf(storage);
  const beside = await openSqliteDump({ file });
  const dump = beside.dump()[Symbol.asyncIterator]();
  const first = await dump.next();
  await append(storage, 'early too', 10);
  await append(storage, 'late', 10);
  await storage.log.drop('early');
  const records = [first];
  for (let next = await dump.next(); next.done !== true; next = await dump.next()) records.push(next);
  assert.deepEqual(
    records.map(({ value }): unknown => value),
    before,
  );
  assert.equal((await recordsOf(beside)).length, 22, 'the next dump sees what came since');
  await beside.close();
  await assert.rejects(recordsOf(beside), { code: 'unavailable' });
  await storage.check();
  await storage.close();
});

test('a file is dumped after its platform was killed, with what was acknowledged', async () => {
  const file = await fresh();
  const program = `import { openSqliteStorage } from '@simfleet/storage/sqlite';
    const storage = await openSqliteStorage({ file: ${JSON.stringify(file)} });
    await storage.log.append('s', [{ key: 'k', data: 1 }]);
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname });
  await once(child, 'exit');
  assert.ok(statSync(`${file}-wal`).size > 0, 'it had no time to tidy up');
  const dump = await openSqliteDump({ file });
  assert.deepEqual(await recordsOf(dump), [
    { kind: 'stream', name: 's', last: 1 },
    { kind: 'entry', stream: 's', position: 1, key: 'k', data: 1 },
  ]);
  await dump.close();
});

test('what is no store of this version cannot be dumped', async () => {
  const file = await fresh();
  await assert.rejects(openSqliteDump({ file }), { code: 'not-found' });
  const raw = new DatabaseSync(file);
  raw.exec('PRAGMA user_version = 999');
  raw.close();
  const dump = await openSqliteDump({ file });
  await assert.rejects(recordsOf(dump), { code: 'invalid-configuration', message: /schema version 999/ });
  await dump.close();
});

test('a load that is cut off by a kill leaves an empty store', async () => {
  const file = await fresh();
  const program = `import { openSqliteStorage } from '@simfleet/storage/sqlite';
    const storage = await openSqliteStorage({ file: ${JSON.stringify(file)} });
    const records = async function* () {
      yield { kind: 'collection', declaration: { name: 'pages', fields: {}, sorts: [] } };
      yield { kind: 'stream', name: 's', last: 1_000_000 };
      for (let position = 1; position <= 100_000; position += 1) {
        if (position === 90_000) process.kill(process.pid, 'SIGKILL');
        yield { kind: 'entry', stream: 's', position, key: String(position), data: 'x'.repeat(500) };
      }
    };
    await storage.load(records());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname });
  await once(child, 'exit');
  assert.ok(statSync(`${file}-wal`).size > 10_000_000, 'much of it was on the disk');
  const storage = await openSqliteStorage({ file });
  assert.deepEqual(await recordsOf(storage), []);
  await storage.close();
});

test('other writes are refused while a dump is loaded, and welcome afterwards', async () => {
  const storage = await openSqliteStorage({ file: await fresh() });
  const records = async function* (): AsyncGenerator<DumpRecord> {
    yield { kind: 'stream', name: 's', last: 1 };
    await assert.rejects(append(storage, 't', 1), { code: 'unavailable', message: /being loaded/ });
    await assert.rejects(storage.load(records()), { code: 'unavailable', message: /being loaded/ });
  };
  await storage.load(records());
  await append(storage, 't', 1);
  assert.equal(await storage.log.last('s'), 1);
  await storage.close();
});
