import assert from 'node:assert/strict';
import { createWriteStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { DumpRecord } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { temporaryDirectory } from '@simfleet/testing';
import type { ArchiveHeader } from '../../src/backup/archive-format.ts';
import { makeFile } from '../../src/backup/new-file.ts';
import { recordsOf, verifyArchive } from '../../src/backup/read-archive.ts';
import { differenceOf } from '../../src/backup/tally.ts';
import { tallyOf, writeArchive } from '../../src/backup/write-archive.ts';

const header: ArchiveHeader = {
  ...{ simfleet: 'backup', version: 1, platform: '0.1.0' },
  ...{ store: 'memory', created: '2026-11-22T20:00:00.000Z' },
};
interface Note {
  readonly customer: string;
  readonly at: number;
  readonly text: string;
}

const quiet = (): void => undefined;
const never = new AbortController().signal;

const filledStore = async (documents = 40) => {
  const storage = openMemoryStorage();
  const declaration = { name: 'notes', fields: { at: { path: ['at'], type: 'number' } }, sorts: ['at'] } as const;
  const notes = await storage.collection<Note>(declaration);
  for (let at = 0; at < documents; at += 1)
    await notes.insert(`n-${at}`, { customer: 'default', text: `line\nbreak ${at} é 🙂`, at });
  for (const stream of ['audit:default', 'live:1'])
    await storage.log.append(stream, [
      { key: 'a', data: { b: 1, a: [1, 2.5, -0.1] } },
      { key: 'b', data: null },
    ]);
  return storage;
};

const written = async (context: TestContext, records: AsyncIterable<DumpRecord>) => {
  const { path } = temporaryDirectory(context);
  const file = join(path, 'a.backup.zst');
  const footer = await writeArchive({
    ...{ header, records, onRecords: quiet, signal: never },
    sink: createWriteStream(file),
  });
  return { file, footer, path };
};

test('a backup loads into another store, which then holds the same', async (t) => {
  const { file, footer } = await written(t, (await filledStore()).dump());
  const archive = await verifyArchive(file, quiet);
  assert.deepEqual(archive, { header, footer });
  assert.deepEqual(footer.counts, { collections: 1, documents: 40, events: 0, streams: 2, entries: 4 });
  const other = openMemoryStorage();
  await other.load(recordsOf(file, archive, quiet));
  assert.equal(differenceOf(footer, await tallyOf(other.dump(), quiet)), null);
});

test('a store that holds something else is told from the backup by count and by digest', async () => {
  const wanted = await tallyOf((await filledStore(3)).dump(), quiet);
  assert.match(
    differenceOf(wanted, await tallyOf((await filledStore(2)).dump(), quiet)) ?? '',
    /2 documents instead of 3/,
  );
  const changed = await filledStore(3);
  const notes = await changed.collection<Note>({ name: 'notes', fields: {}, sorts: [] });
  await notes.save('n-1', 1, { customer: 'default', at: 1, text: 'other' });
  assert.match(differenceOf(wanted, await tallyOf(changed.dump(), quiet)) ?? '', /SHA-256/);
});

test('the order of members in a store makes no difference', async () => {
  const record = (doc: object) =>
    (async function* () {
      yield { kind: 'document', collection: 'c', id: '1', version: 1, doc } as DumpRecord;
    })();
  const digests = [
    { a: 1, b: { c: 2, d: 3 } },
    { b: { d: 3, c: 2 }, a: 1 },
  ].map((doc) => tallyOf(record(doc), quiet));
  const [one, two] = await Promise.all(digests);
  assert.equal(one?.content, two?.content);
});

test('a backup that was cut off anywhere is refused', async (t) => {
  const { file, path } = await written(t, (await filledStore()).dump());
  const whole = readFileSync(file);
  const torn = join(path, 'torn.backup.zst');
  for (let length = 0; length < whole.length; length += 1) {
    writeFileSync(torn, whole.subarray(0, length));
    await assert.rejects(verifyArchive(torn, quiet), { code: 'invalid-request' }, `cut off at ${length}`);
  }
});

test('a backup of which any byte was changed is refused', async (t) => {
  const { file, path } = await written(t, (await filledStore()).dump());
  const whole = readFileSync(file);
  const changed = join(path, 'changed.backup.zst');
  const verdicts = { refused: 0, same: 0 };
  for (let at = 0; at < whole.length; at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x41;
    writeFileSync(changed, bytes);
    await verifyArchive(changed, quiet).then(
      () => {
        // Some bits of the compressed form have no meaning: then what was compressed is the same.
        assert.deepEqual(zstdDecompressSync(bytes), zstdDecompressSync(whole), `byte ${at}`);
        verdicts.same += 1;
      },
      (error: { code?: string }) => {
        assert.equal(error.code, 'invalid-request', `byte ${at}`);
        verdicts.refused += 1;
      },
    );
  }
  assert.ok(verdicts.refused > verdicts.same);
});

/** As a hand that knows the compression, but not the digests, would change it. */
const forged = (whole: Buffer, change: (lines: string[]) => readonly string[]): Buffer =>
  zstdCompressSync(change(zstdDecompressSync(whole).toString('utf8').split('\n')).join('\n'), {
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  });

test('a line that is left out, repeated, moved or changed is found', async (t) => {
  const { file, path } = await written(t, (await filledStore()).dump());
  const whole = readFileSync(file);
  const lines = zstdDecompressSync(whole).toString('utf8').split('\n').length - 1;
  const out = join(path, 'forged.backup.zst');
  const changes: Readonly<Record<string, (all: string[], at: number, to: number) => readonly string[]>> = {
    'left out': (all, at) => all.toSpliced(at, 1),
    repeated: (all, at) => all.toSpliced(at, 0, all[at] ?? ''),
    changed: (all, at) =>
      all.with(
        at,
        (all[at] ?? '').replace(/n|[0-9]/, (sign) => (sign === 'n' ? 'm' : String((Number(sign) + 1) % 10))),
      ),
    moved: (all, at, to) => all.toSpliced(at, 1).toSpliced(to, 0, all[at] ?? ''),
  };
  for (let at = 0; at < lines; at += 1) {
    for (const [how, change] of Object.entries(changes)) {
      // To the place of its neighbour, whose digest alone knows.
      const to = at === 0 ? 1 : at - 1;
      writeFileSync(
        out,
        forged(whole, (all) => change(all, at, to)),
      );
      await assert.rejects(verifyArchive(out, quiet), { code: 'invalid-request' }, `line ${at + 1}, ${how}`);
    }
  }
});

test('a file of another kind or version is refused with what to do', async (t) => {
  const { file, path } = await written(t, (await filledStore(1)).dump());
  const other = join(path, 'other');
  writeFileSync(other, 'name,value\n');
  await assert.rejects(verifyArchive(other, quiet), { code: 'invalid-request', message: /no whole backup/ });
  writeFileSync(other, zstdCompressSync('{"a":1}\n'));
  await assert.rejects(verifyArchive(other, quiet), { code: 'invalid-request', message: /does not begin/ });
  const later = (all: string[]): readonly string[] =>
    all.with(0, JSON.stringify({ ...header, version: 2, platform: '9.9.9' }));
  writeFileSync(other, forged(readFileSync(file), later));
  await assert.rejects(verifyArchive(other, quiet), { code: 'invalid-request', message: /version 2 .*9\.9\.9/ });
});

test('a store is empty again when the file was changed between its check and its load', async (t) => {
  const { file } = await written(t, (await filledStore(30)).dump());
  const archive = await verifyArchive(file, quiet);
  const { file: second } = await written(t, (await filledStore(31)).dump());
  writeFileSync(file, readFileSync(second));
  const store = openMemoryStorage();
  await assert.rejects(store.load(recordsOf(file, archive, quiet)), { code: 'invalid-request', message: /replaced/ });
  assert.deepEqual((await tallyOf(store.dump(), quiet)).counts.documents, 0);
});

test('a file has its name only when it is whole, for its owner alone, and takes the place of none', async (t) => {
  const { path } = temporaryDirectory(t);
  const target = { file: join(path, 'a.backup.zst'), pid: 1 };
  const fail = (): Promise<never> => Promise.reject(new Error('the disk says no'));
  const content = (sink: NodeJS.WritableStream): Promise<void> => pipeline(Readable.from(['content']), sink);
  await assert.rejects(
    makeFile(target, fail, async () => undefined),
    /disk says no/,
  );
  await assert.rejects(makeFile(target, content, fail), /disk says no/);
  assert.deepEqual(readdirSync(path), []);
  let seen: readonly string[] = [];
  await makeFile(target, content, async (draft) => {
    seen = readdirSync(path);
    assert.equal(readFileSync(draft, 'utf8'), 'content');
  });
  assert.deepEqual(seen, ['.a.backup.zst.1.partial']);
  assert.deepEqual(readdirSync(path), ['a.backup.zst']);
  assert.equal(statSync(target.file).mode & 0o777, 0o600);
  await assert.rejects(
    makeFile(target, content, async () => undefined),
    { code: 'already-exists' },
  );
  await assert.rejects(
    makeFile({ file: join(path, 'no/where'), pid: 1 }, content, async () => undefined),
    {
      code: 'not-found',
    },
  );
});
