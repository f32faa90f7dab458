import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { CollectionDeclaration, DumpRecord, Storage } from '@simfleet/storage';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { migrations } from '../../src/sqlite/schema.ts';
import { temporaryDirectories } from './directories.ts';
import { content, declaration, fill } from './versions/content.ts';

const makeDirectory = temporaryDirectories();

const recordsOf = async (storage: Storage): Promise<readonly DumpRecord[]> => {
  const records: DumpRecord[] = [];
  for await (const record of storage.dump()) records.push(record);
  return records;
};

const withStore = async (file: string, check: (storage: Storage) => Promise<void>): Promise<void> => {
  const storage = await openSqliteStorage({ file });
  try {
    await check(storage);
  } finally {
    await storage.close();
  }
};

/** A process that runs the program, which has `file`. */
const run = (file: string, program: string): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } =>
  spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openSqliteStorage } from '@simfleet/storage/sqlite';
       const file = ${JSON.stringify(file)};
       ${program}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname },
  );

for (let version = 1; version <= migrations.length; version += 1) {
  test(`a file of schema version ${version} is taken over whole, and goes on`, async () => {
    const file = join(await makeDirectory(), 'store.db');
    const old = new DatabaseSync(file);
    old.exec(await readFile(new URL(`./versions/${version}.sql`, import.meta.url), 'utf8'));
    assert.equal(old.prepare('PRAGMA user_version').get()?.['user_version'], version);
    old.close();
    // Twice: the second start finds nothing to do.
    for (let start = 0; start < 2; start += 1) {
      await withStore(file, async (storage) => {
        assert.deepEqual(await recordsOf(storage), content);
        const pages = await storage.collection(declaration);
        for (const [field, ids] of [
          ['title', ['a', 'b']],
          ['size', ['b', 'a']],
        ] as const) {
          const page = await pages.query({ sort: { field, direction: 'ascending' }, limit: 9 });
          assert.deepEqual(
            page.rows.map(({ id }) => id),
            ids,
          );
        }
        assert.equal(await pages.count({ op: 'label', key: 'tier', value: 'x' }), 1);
        await assert.rejects(pages.insert('gone', { customer: 'acme' }), { code: 'already-exists' });
      });
    }
    await withStore(file, async (storage) => {
      assert.deepEqual(await storage.log.append('s', [{ key: 'x', data: 2 }]), [{ position: 3, duplicate: false }]);
      const pages = await storage.collection(declaration);
      assert.equal((await pages.save('a', 2, { customer: 'acme' })).version, 3);
    });
  });
}

test('the newest version writes what the files of the older ones hold', async () => {
  await withStore(join(await makeDirectory(), 'store.db'), async (storage) => {
    await fill(storage);
    assert.deepEqual(await recordsOf(storage), content);
  });
});

test('processes that start at once on one directory: one gets it and prepares it, the others are refused', async () => {
  const file = join(await makeDirectory(), 'store.db');
  const starts = Array.from({ length: 4 }, () =>
    run(
      file,
      `try {
         await (await openSqliteStorage({ file })).log.append('s', [{ key: 'k', data: 1 }]);
         console.log('open');
         setInterval(() => undefined, 1000);
       } catch (error) {
         console.log(error.code);
       }`,
    ),
  );
  try {
    const answers = await Promise.all(
      starts.map(async ({ stdout }) => String((await once(stdout.setEncoding('utf8'), 'data'))[0]).trim()),
    );
    assert.deepEqual(answers.toSorted(), [...Array<string>(3).fill('data-directory-held'), 'open']);
  } finally {
    await Promise.all(
      starts.map(async (child) => {
        const ended = child.exitCode === null ? once(child, 'exit') : null;
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }
  await withStore(file, async (storage) => assert.equal(await storage.log.last('s'), 1));
});

const rows = 3000;
const before: CollectionDeclaration = {
  name: 'pages',
  fields: { title: { path: ['title'], type: 'text' }, size: { path: ['size'], type: 'text' } },
  sorts: ['title', 'size'],
};
/** A field goes, one comes, one is of another type, and so are the sorts. */
const after: CollectionDeclaration = {
  name: 'pages',
  fields: { customer: { path: ['customer'], type: 'text' }, size: { path: ['size'], type: 'integer64' } },
  sorts: ['size'],
};

/** Sizes of the first rows by the declared sort. */
const firstSizes = async (storage: Storage, declared: CollectionDeclaration): Promise<readonly unknown[]> => {
  const pages = await storage.collection(declared);
  assert.equal(await pages.count(), rows);
  const { rows: found } = await pages.query({ sort: { field: 'size', direction: 'ascending' }, limit: 4 });
  return found.map(({ position }) => position.key);
};

test('killed while a changed declaration is applied, the store has the old one or the new one, and takes either', async () => {
  const file = join(await makeDirectory(), 'store.db');
  await withStore(file, async (storage) => {
    const pages = await storage.collection(before);
    const page = (index: number): object => ({ customer: 'acme', title: `t${index}`, size: `${index}` });
    await Promise.all(Array.from({ length: rows }, (_, index) => pages.insert(`${index}`, page(index) as never)));
  });
  // Once without a kill, for how long it takes; then at shares of that time.
  let wholeMs = Infinity;
  for (const share of [Infinity, 0.3, 0.6, 0.9]) {
    await withStore(file, async (storage) => {
      assert.deepEqual(await firstSizes(storage, before), ['0', '1', '10', '100']);
    });
    const child = run(
      file,
      `const storage = await openSqliteStorage({ file });
       console.log('declaring');
       await storage.collection(${JSON.stringify(after)});
       await storage.close();`,
    );
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    const start = performance.now();
    const kill = share === Infinity ? null : setTimeout(() => child.kill('SIGKILL'), share * wholeMs);
    await ended;
    if (kill === null) wholeMs = performance.now() - start;
    else clearTimeout(kill);
    const raw = new DatabaseSync(file, { readOnly: true });
    const stored: unknown = raw.prepare('SELECT declaration FROM collections').get()?.['declaration'];
    raw.close();
    assert.ok([before, after].map((each) => JSON.stringify(each)).includes(String(stored)));
    if (stored === JSON.stringify(before)) {
      await withStore(file, async (storage) => {
        assert.deepEqual(await firstSizes(storage, before), ['0', '1', '10', '100']);
      });
    }
    await withStore(file, async (storage) => assert.deepEqual(await firstSizes(storage, after), ['0', '1', '2', '3']));
  }
});
