import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page, Problem, Service } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { openScene } from './scene.ts';

const simfleet = fileURLToPath(new URL('../../packages/cli/bin/simfleet.js', import.meta.url));

/** The id of the key that made a cursor, which stands in the clear behind its version. */
const keyOf = (cursor: string | null): number => Buffer.from(cursor ?? '', 'base64url').readUInt8(1);

test('the key of cursors is rotated on a running platform: old cursors open until it is revoked', async (context) => {
  const { platform, client } = await openScene(context);
  const rotate = (...flags: readonly string[]): string =>
    execFileSync(
      process.execPath,
      [simfleet, 'rotate-cursor-key', '--file', join(platform.dataDir, 'cursor-key'), ...flags],
      {
        encoding: 'utf8',
      },
    );
  const list = async (query: string): Promise<Page<Service>> =>
    (await client.request('GET', `/v1/services?limit=1${query}`)).body as Page<Service>;
  const newest = async (): Promise<number> => keyOf((await list('')).next);

  const { next } = await list('');
  assert.equal(keyOf(next), 1);
  assert.match(rotate('--after', '0'), /^key 2 makes cursors .*still opening: 1\n$/);
  await until('the new key makes cursors', async () => (await newest()) === 2, 15_000);
  assert.equal((await list(`&cursor=${next}`)).items.length, 1);

  assert.match(rotate('--after', '0', '--revoke'), /^key 3 makes cursors .*no earlier key opens any more\n$/);
  await until('the revoked keys are gone', async () => (await newest()) === 3, 15_000);
  const { status, body } = await client.request('GET', `/v1/services?limit=1&cursor=${next}`);
  assert.deepEqual([status, (body as Problem).code], [400, 'invalid-cursor']);
});
