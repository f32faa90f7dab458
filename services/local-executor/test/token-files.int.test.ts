import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openTokenFiles } from '../src/tokens/token-files.ts';

const directoryFor = async (context: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'simfleet-tokens-'));
  context.after(() => rm(directory, { recursive: true }));
  return join(directory, 'tokens');
};

test('a token is 256 bits in a file that only its owner can read, and its hash is that of the file', async (context) => {
  const directory = await directoryFor(context);
  const { file, sha256 } = await (await openTokenFiles(directory)).open('job-1');
  const text = await readFile(file, 'utf8');
  assert.equal(Buffer.from(text, 'base64url').length, 32);
  assert.equal(sha256, createHash('sha256').update(text).digest('hex'));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
});

test('a token survives a crash of the platform, and two jobs never share one', async (context) => {
  const directory = await directoryFor(context);
  const before = await (await openTokenFiles(directory)).open('job-1');
  const files = await openTokenFiles(directory);
  assert.deepEqual(await files.open('job-1'), before);
  assert.notEqual((await files.open('job-2')).sha256, before.sha256);
});

test('a torn token is drawn anew', async (context) => {
  const directory = await directoryFor(context);
  const files = await openTokenFiles(directory);
  const { file } = await files.open('job-1');
  await writeFile(file, 'short');
  await files.open('job-1');
  assert.equal((await readFile(file, 'utf8')).length, 43);
});

test('tokens of jobs that are over are removed, those of others stay', async (context) => {
  const directory = await directoryFor(context);
  const files = await openTokenFiles(directory);
  for (const jobId of ['job-1', 'job-2', 'job-3']) await files.open(jobId);
  await files.remove('job-1');
  await files.remove('job-1');
  await files.keepOnly(new Set(['job-3']));
  assert.deepEqual(await readdir(directory), ['job-3']);
});

test('a job id cannot lead out of the directory', async (context) => {
  const directory = await directoryFor(context);
  const { file } = await (await openTokenFiles(directory)).open('../../evil');
  assert.ok(file.startsWith(`${directory}/`) && !file.slice(directory.length + 1).includes('/'));
});
