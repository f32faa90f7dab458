import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readCursorKeyLines, writeCursorKeyLines } from '@simfleet/contracts';
import type { CursorKeyLine } from '@simfleet/contracts';
import { fakeClock, recordingLogger, temporaryDirectory, until } from '@simfleet/testing';
import { createCursorCodec, followCursorKeys } from '../src/index.ts';
import type { CursorCodec, CursorScope } from '../src/index.ts';

const scope: CursorScope = { list: 'jobs', filter: null, sort: { field: 'name', direction: 'ascending' }, viewer: 'a' };
const minute = 60_000;

/** Replicas that follow one file, on a clock that the test turns. */
const replicas = async (t: TestContext, count: number) => {
  const path = join(temporaryDirectory(t).path, 'cursor-key');
  const clock = fakeClock();
  const ending = new AbortController();
  t.after(() => ending.abort());
  const log = recordingLogger();
  const known: (() => readonly number[])[] = [];
  const codecs: CursorCodec[] = [];
  for (let index = 0; index < count; index++) {
    const keys = await followCursorKeys({ path, clock, logger: log.logger, signal: ending.signal });
    codecs.push(createCursorCodec({ keys, clock }));
    known.push(() => keys().map(({ id }) => id));
  }
  const lines = (): readonly CursorKeyLine[] => readCursorKeyLines(readFileSync(path, 'utf8'));
  const write = (content: string): void => {
    writeFileSync(`${path}.draft`, content, { mode: 0o600 });
    renameSync(`${path}.draft`, path);
  };
  /** Lets every replica read the file again. */
  const read = async (ids: readonly number[]): Promise<void> => {
    await until('every replica waits for its next look', () => clock.waiting === count);
    await clock.advance(5_000);
    await until('every replica knows the keys', () => known.every((each) => String(each()) === String(ids)));
  };
  return { path, clock, codecs, log, lines, write, read };
};

/** The id of the key that made it. */
const keyOf = (cursor: string): number => Buffer.from(cursor, 'base64url').readUInt8(1);
const seal = (codec: CursorCodec, id: string): string => codec.seal(scope, 'next', { key: 'k', id });

test('a rotation goes through running replicas without one cursor refused, until the old key is dropped', async (t) => {
  const { clock, codecs, lines, write, read } = await replicas(t, 2);
  const [one, other] = codecs as [CursorCodec, CursorCodec];
  const opens = (codec: CursorCodec, cursor: string): string => codec.open(scope, cursor).position.id;
  const old = seal(one, 'old');
  const fresh = { id: 2, secret: randomBytes(32).toString('base64url'), from: clock.now() + minute };
  write(writeCursorKeyLines([fresh, ...lines()]));
  await read([2, 1]);
  // Every replica knows the new key, and none uses it yet.
  assert.deepEqual([keyOf(seal(one, 'a')), keyOf(seal(other, 'a'))], [1, 1]);
  await clock.advance(minute);
  const made = seal(one, 'new');
  assert.equal(keyOf(made), 2);
  assert.deepEqual([opens(other, made), opens(other, old), opens(one, old)], ['new', 'old', 'old']);
  write(writeCursorKeyLines(lines().slice(0, 1)));
  await read([2]);
  assert.throws(() => opens(other, old), { code: 'invalid-cursor' });
  assert.equal(opens(other, made), 'new');
});

test('a replica that has not read the file yet opens the cursors of those that have', async (t) => {
  const { path, clock, codecs, lines, write, read } = await replicas(t, 1);
  const behind = createCursorCodec({
    keys: await followCursorKeys({
      ...{ path, clock: fakeClock(), logger: recordingLogger().logger, signal: AbortSignal.abort() },
    }),
    clock,
  });
  write(writeCursorKeyLines([{ id: 2, secret: 'x'.repeat(43), from: clock.now() + minute }, ...lines()]));
  await read([2, 1]);
  await clock.advance(minute - 5_001);
  assert.equal(behind.open(scope, seal(codecs[0] as CursorCodec, 'a')).position.id, 'a');
});

for (const [what, spoil] of [
  ['is no key file any more', (path: string) => writeFileSync(path, 'nonsense\n')],
  ['is gone', (path: string) => rmSync(path)],
] as const) {
  test(`a file that ${what} leaves the keys as they were, and is told once`, async (t) => {
    const { path, clock, codecs, log, write, lines, read } = await replicas(t, 1);
    const [codec] = codecs as [CursorCodec];
    const before = lines();
    const cursor = seal(codec, 'a');
    spoil(path);
    for (let round = 0; round < 3; round++) {
      await until('the next look', () => clock.waiting === 1);
      await clock.advance(5_000);
    }
    await until('it is told', () => log.entries().length > 0);
    assert.equal(codec.open(scope, cursor).position.id, 'a');
    write(writeCursorKeyLines([{ id: 7, secret: 'y'.repeat(43), from: 0 }, ...before]));
    await read([7, 1]);
    assert.equal(log.entries().filter(({ level }) => level === 'warn').length, 1);
  });
}
