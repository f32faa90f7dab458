import assert from 'node:assert/strict';
import { chownSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readCursorKeyLines, writeCursorKeyLines } from '@simfleet/contracts';
import { runCommandLine } from '../src/program.ts';
import { rotated } from '../src/keys/rotated.ts';
import { recordedTerminal } from './support/terminal.ts';

const hour = 3_600_000;
const now = Date.UTC(2026, 10, 1);
const secret = 'x'.repeat(43);
const fresh = { secret: 'y'.repeat(43), from: now + 300_000, now };

const fileOf = (t: TestContext, content = `1 ${secret}\n`): string => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'cursor-key');
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

const rotate = async (file: string, ...words: readonly string[]) => {
  const terminal = recordedTerminal({ now: () => now });
  const exit = await runCommandLine(['rotate-cursor-key', '--file', file, ...words], terminal);
  return { exit, ...terminal.said() };
};

test('the new key stands in front, used in five minutes, and the old one still opens', async (t) => {
  const file = fileOf(t);
  const { exit, stdout } = await rotate(file);
  assert.deepEqual([exit, stdout], [0, 'key 2 makes cursors from 2026-11-01T00:05:00.000Z on; still opening: 1\n']);
  const lines = readCursorKeyLines(readFileSync(file, 'utf8'));
  assert.deepEqual(
    lines.map(({ id, from }) => [id, from]),
    [
      [2, now + 300_000],
      [1, 0],
    ],
  );
  assert.equal(lines[0]?.secret.length, 43);
  assert.notEqual(lines[0].secret, lines[1]?.secret);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('revoking leaves the new key alone', async (t) => {
  const file = fileOf(t);
  const { stdout } = await rotate(file, '--revoke', '--after', '0');
  assert.match(stdout, /no earlier key opens any more/);
  assert.deepEqual(
    readCursorKeyLines(readFileSync(file, 'utf8')).map(({ id, from }) => [id, from]),
    [[2, now]],
  );
});

test('a delay beyond a week is refused: a time of five digits a year is none that a platform reads', async (t) => {
  const file = fileOf(t);
  for (const seconds of ['604801', '999999999999', '99999999999999']) {
    const { exit, stderr } = await rotate(file, '--after', seconds);
    assert.equal(exit, 2);
    assert.match(stderr, /--after.*must be a whole number, 0 … 604800/);
  }
  assert.equal(readFileSync(file, 'utf8'), `1 ${secret}\n`);
});

test('a file behind a link is replaced, not the link', async (t) => {
  const file = fileOf(t);
  const link = `${file}-link`;
  symlinkSync(file, link);
  assert.equal((await rotate(link)).exit, 0);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readCursorKeyLines(readFileSync(file, 'utf8')).length, 2);
});

test('the file stays that of the account that the platform runs as', async (t) => {
  const file = fileOf(t);
  // Only root can give files away; for others there is but one account to stay with.
  if (process.getuid?.() === 0) chownSync(file, 12_345, 23_456);
  const { uid, gid } = statSync(file);
  assert.equal((await rotate(file)).exit, 0);
  const after = statSync(file);
  assert.deepEqual([after.uid, after.gid, after.mode & 0o777], [uid, gid, 0o600]);
});

test('keys go once their last cursor has expired, not before', () => {
  const lines = [
    { id: 3, secret, from: now - 73 * hour + 1 },
    { id: 2, secret, from: now - 73 * hour },
    { id: 1, secret, from: 0 },
  ];
  assert.deepEqual(
    rotated(lines, fresh).map(({ id }) => id),
    [4, 3, 2],
  );
});

test('ids go round after 255 and none is given twice', () => {
  const lines = [255, 0, 1].map((id, index) => ({ id, secret, from: now - index }));
  assert.equal(rotated(lines, fresh)[0]?.id, 2);
});

test('no file, another file and a rotation under way are refused, and nothing is changed', async (t) => {
  const missing = await rotate('/nowhere-at-all/cursor-key');
  assert.notEqual(missing.exit, 0);
  assert.match(missing.stderr, /there is no \/nowhere-at-all\/cursor-key/);
  const other = fileOf(t, 'something else\n');
  assert.match((await rotate(other)).stderr, /cursor-key: line 1: must be an id/);
  assert.equal(readFileSync(other, 'utf8'), 'something else\n');
  const busy = fileOf(t);
  writeFileSync(`${busy}.new`, '');
  assert.match((await rotate(busy)).stderr, /another rotation is under way/);
  assert.equal(readFileSync(busy, 'utf8'), writeCursorKeyLines([{ id: 1, secret, from: 0 }]));
});
