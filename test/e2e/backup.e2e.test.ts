import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Job, Page } from '@simfleet/contracts';
import { temporaryDirectory, until } from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { startPlatform } from './platform.ts';
import { european } from './scene.ts';
import { testStores } from './stores.ts';

const launcher = join(import.meta.dirname, '../../packages/cli/bin/simfleet.js');

/** Runs a command to its end, as a person does. */
const simfleet = (...words: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  assert.equal(status, 0, `simfleet ${words.join(' ')}: ${stderr}`);
  return stdout;
};

const listed = async (client: Client): Promise<readonly Job[]> =>
  ((await client.request('GET', '/v1/jobs?sort=createdAt')).body as Page<Job>).items;

/** What the commands tell of a backup. */
interface Told {
  readonly content: string;
  readonly counts: { readonly documents: number; readonly entries: number };
}

const stores = testStores();
for (const [index, from] of stores.entries()) {
  const into = stores[(index + 1) % stores.length]!;
  const title = `a backup of ${from.name}, made while a job runs, goes on in ${into.name} to the same digest`;
  test(title, { skip: from.skip || into.skip }, async (t) => {
    const { path } = temporaryDirectory(t);
    const [one, two, file] = [join(path, 'one'), join(path, 'two'), join(path, 'a.backup.zst')];
    const storeOne = await from.flags();
    const original = await startPlatform({ dataDir: one, slots: 2, flags: storeOne });
    t.after(() => original.stop());
    const client = openClient(original);
    const over = await client.create(european({ maxPaths: '1000000' }, { name: 'over' }));
    const overResult = await client.result(over.id);
    const overJob = await client.job(over.id);
    const running = await client.create(european({ maxPaths: '600000000' }, { name: 'running' }));
    await until('some blocks', async () => (await client.job(running.id)).progress.blocks > 3, 20_000);

    const summary = JSON.parse(simfleet('backup', ...storeOne, '--data-dir', one, '--out', file, '-o', 'json')) as Told;
    assert.ok(summary.counts.documents > 0 && summary.counts.entries > 0);
    assert.equal((await client.job(running.id)).state, 'Running', 'the backup was made beside a job under way');
    const uninterrupted = await client.result(running.id);
    const { resultDigest } = await client.job(running.id);
    assert.ok(resultDigest);
    await original.stop();

    const storeTwo = await into.flags();
    const restored = JSON.parse(simfleet('restore', file, ...storeTwo, '--data-dir', two, '-o', 'json')) as Told;
    assert.equal(restored.content, summary.content);
    const elsewhere = await startPlatform({ dataDir: two, slots: 1, flags: storeTwo });
    t.after(() => elsewhere.stop());
    const there = openClient(elsewhere);
    assert.deepEqual(
      (await listed(there)).map((job) => job.name),
      ['over', 'running'],
    );
    assert.deepEqual(await there.job(over.id), overJob);
    assert.deepEqual(await there.result(over.id), overResult);
    const finished = await there.result(running.id);
    assert.equal((await there.job(running.id)).resultDigest, resultDigest);
    assert.deepEqual(finished.estimates, uninterrupted.estimates);
  });
}
