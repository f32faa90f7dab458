import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createWriteStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DumpRecord } from '@simfleet/storage';
import { mongoMissing, postgresMissing, startMongo, startPostgres, temporaryDirectory } from '@simfleet/testing';
import { openStorage } from '@simfleet/wiring';
import { verifyArchive } from '../../src/backup/read-archive.ts';
import { tallyOf, writeArchive } from '../../src/backup/write-archive.ts';

const main = fileURLToPath(new URL('../../src/backup-main.ts', import.meta.url));
const quiet = (): void => undefined;
const entries = 40_000;

async function* manyRecords(): AsyncGenerator<DumpRecord> {
  yield { kind: 'stream', name: 'live:1', last: entries };
  for (let position = 1; position <= entries; position += 1)
    yield {
      kind: 'entry',
      stream: 'live:1',
      position,
      key: `k-${position}`,
      data: { at: position, text: 'x'.repeat(80) },
    };
}

const bigBackup = async (path: string): Promise<string> => {
  const file = join(path, 'big.backup.zst');
  await writeArchive({
    header: { simfleet: 'backup', version: 1, platform: '0', store: 'none', created: '2026-11-22T20:00:00.000Z' },
    ...{ records: manyRecords(), onRecords: quiet, signal: new AbortController().signal },
    sink: createWriteStream(file),
  });
  return file;
};

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly log: string;
}

/** Runs an operation; with `killIn`, ends it by SIGKILL as soon as it says that it is in this phase. */
const operate = (operation: string, file: string, dataDir: string, url: string, killIn?: string): Promise<Ended> =>
  new Promise((resolve) => {
    const flags = ['--operation', operation, '--backup-file', file, '--data-dir', dataDir];
    const child = spawn(process.execPath, [main, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, SIMFLEET_STORAGE: url },
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (killIn !== undefined && log.includes(`"phase":"${killIn}"`)) child.kill('SIGKILL');
    });
    child.once('close', (code, signal) => resolve({ code, signal, log }));
  });

let server: Awaited<ReturnType<typeof startPostgres>> | undefined;
after(() => server?.stop());

const stores = [
  { name: 'SQLite', skip: false, url: async () => 'sqlite:' },
  {
    name: 'PostgreSQL',
    skip: postgresMissing() ?? false,
    url: async () => (server ??= await startPostgres()).createDatabase(),
  },
] as const;

for (const { name, skip, url } of stores) {
  test(`a restore into ${name} that is killed leaves it empty, and can be done again`, { skip }, async (t) => {
    const { path } = temporaryDirectory(t);
    const [file, dataDir, store] = [await bigBackup(path), join(path, 'data'), await url()];
    const killed = await operate('restore', file, dataDir, store, 'writing the store');
    assert.equal(killed.signal, 'SIGKILL', killed.log);
    const opened = await openStorage({ url: store, dataDirectory: dataDir });
    const { counts } = await tallyOf(opened.dump(), quiet);
    await opened.close();
    assert.deepEqual(counts, { collections: 0, documents: 0, events: 0, streams: 0, entries: 0 });
    const again = await operate('restore', file, dataDir, store);
    assert.equal(again.code, 0, again.log);
    const twice = await operate('restore', file, dataDir, store);
    assert.match(twice.log, /already-exists: .*not empty/);
    assert.equal(twice.code, 1);
  });

  test(`a backup of ${name} that is killed leaves no file that looks whole`, { skip }, async (t) => {
    const { path } = temporaryDirectory(t);
    const [big, dataDir, store] = [await bigBackup(path), join(path, 'data'), await url()];
    assert.equal((await operate('restore', big, dataDir, store)).code, 0);
    const killed = await operate('backup', join(path, 'b.backup.zst'), dataDir, store, 'reading the store');
    assert.equal(killed.signal, 'SIGKILL', killed.log);
    const left = readdirSync(path).filter((each) => each.includes('b.backup'));
    assert.equal(left.includes('b.backup.zst'), false);
    for (const each of left) await assert.rejects(verifyArchive(join(path, each), quiet), { code: 'invalid-request' });
    assert.equal((await operate('backup', join(path, 'b.backup.zst'), dataDir, store)).code, 0);
  });
}

test(
  'a restore into MongoDB that is killed leaves what serves nobody, gives no backup and takes none',
  { skip: mongoMissing() },
  async (t) => {
    const mongo = await startMongo();
    t.after(() => mongo.stop());
    const { path } = temporaryDirectory(t);
    const [file, dataDir, store] = [await bigBackup(path), join(path, 'data'), mongo.databaseUrl()];
    const killed = await operate('restore', file, dataDir, store, 'writing the store');
    assert.equal(killed.signal, 'SIGKILL', killed.log);
    const half = join(path, 'half.backup.zst');
    const backup = await operate('backup', half, dataDir, store);
    assert.match(backup.log, /invalid-configuration: .*part of a dump/);
    assert.deepEqual([backup.code, readdirSync(path).filter((each) => each.includes('half'))], [2, []]);
    const again = await operate('restore', file, dataDir, store);
    assert.match(again.log, /already-exists: .*part of a dump.* [Dd]rop the database/);
    const opened = await openStorage({ url: store, dataDirectory: dataDir });
    await assert.rejects(opened.collection({ name: 'notes', fields: {}, sorts: [] }), {
      code: 'invalid-configuration',
    });
    await opened.close();
  },
);

test('a data directory that a platform holds is not restored into', async (t) => {
  const { path } = temporaryDirectory(t);
  const [file, dataDirectory] = [await bigBackup(path), join(path, 'data')];
  const held = await openStorage({ url: 'sqlite:', dataDirectory });
  t.after(() => held.close());
  const { code, log } = await operate('restore', file, dataDirectory, 'sqlite:');
  assert.equal(code, 3, log);
  assert.match(log, /data-directory-held/);
});
