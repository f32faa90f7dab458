import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Problem } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { openClient } from './client.ts';
import { failToStart, startPlatform } from './platform.ts';
import { european, openScene } from './scene.ts';

const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;
const skip = canMount ? false : 'a small file system can be mounted by root only';

/** A file system of its own for a test. */
const smallDisk = (size: string): string => {
  const path = mkdtempSync(join(tmpdir(), 'simfleet-disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  assert.equal(status, 0, stderr.toString());
  return path;
};

const removeDisk = (path: string): void => {
  spawnSync('umount', [path]);
  rmdirSync(path);
};

/** Takes all the space that is left. */
const fill = (path: string): string => {
  const file = join(path, 'filler');
  const { bavail, bsize } = statfsSync(path);
  try {
    writeFileSync(file, Buffer.alloc(bavail * bsize + bsize));
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC');
  }
  return file;
};

test(
  'a full disk is told and loses nothing: the platform goes on by itself when there is space',
  { skip },
  async (context) => {
    const bounds = { maxPaths: '400000000' };
    const { client: calm } = await openScene(context);
    const undisturbed = await calm.create(european(bounds)).then(({ id }) => calm.result(id));

    const path = smallDisk('24m');
    const platform = await startPlatform({ dataDir: path, slots: 2 });
    context.after(() => platform.stop().then(() => removeDisk(path)));
    const client = openClient(platform);
    const { id } = await client.create(european(bounds));
    await until('a few blocks', async () => (await client.job(id)).progress.blocks >= 4);
    const file = fill(path);
    const refused = await until('a write that has no space', async () => {
      const answer = await client.request('POST', '/v1/jobs', european({ maxPaths: '1000' }));
      return answer.status === 201 ? false : answer;
    });
    assert.deepEqual([refused.status, (refused.body as Problem).code], [507, 'storage-full']);
    assert.equal((await client.job(id)).state, 'Running');
    rmSync(file);
    const result = await client.result(id);
    assert.equal(result.resultDigest, undisturbed.resultDigest);
    const { id: next } = await client.create(european({ maxPaths: '1000' }));
    assert.equal((await client.result(next)).state, 'Succeeded');
    assert.equal(await platform.stop(), 0);
  },
);

test('a platform does not start on a full disk, and says so', { skip }, async (context) => {
  const path = smallDisk('64k');
  context.after(() => removeDisk(path));
  fill(path);
  const { exitCode, stderr } = await failToStart({ dataDir: path });
  assert.equal(exitCode, 1);
  assert.match(stderr, /storage-full|full/);
});
