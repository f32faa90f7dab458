import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory, until } from '@simfleet/testing';
import { openClient } from './client.ts';
import { follow } from './follow.ts';
import { failToStart, startPlatform } from './platform.ts';
import { european, openScene } from './scene.ts';
import { testStores } from './stores.ts';

const job = european({ maxPaths: '400000000' });

const databases = testStores().filter(({ name }) => name !== 'SQLite');

for (const { name: store, skip, flags } of databases) {
  test(
    `${store}: a killed platform goes on where it was, and the digest is that on SQLite`,
    { skip },
    async (context) => {
      const start = { dataDir: temporaryDirectory(context).path, slots: 2, flags: await flags() };
      const first = await startPlatform(start);
      context.after(() => first.kill());
      const { id } = await openClient(first).create(job);
      await until('some blocks', async () => (await openClient(first).job(id)).progress.blocks >= 10, 30_000);
      const { blocks } = (await openClient(first).job(id)).progress;
      await first.kill();
      const killed = performance.now();
      const since = (): string => `${Math.round(performance.now() - killed)} ms`;
      const second = await startPlatform(start);
      const ready = since();
      context.after(() => second.stop().then(() => undefined));
      const after = await openClient(second).job(id);
      assert.ok(after.progress.blocks >= blocks, 'what was counted stays counted');
      const { result } = await follow(openClient(second), id, context.signal);
      context.diagnostic(`ready after ${ready}, done after ${since()}`);
      const { client: calm } = await openScene(context);
      const undisturbed = await calm.create(job).then((same) => calm.result(same.id));
      assert.equal(result.resultDigest, undisturbed.resultDigest);
    },
  );
}

for (const { name: store, skip, flags } of databases) {
  test(`${store}: a second platform with a bus of its own is refused`, { skip }, async (context) => {
    const chosen = await flags();
    const { client } = await openScene(context, { flags: chosen });
    const { path: dataDir } = temporaryDirectory(context);
    const { exitCode, stderr } = await failToStart({ dataDir, flags: chosen });
    assert.equal(exitCode, 2);
    assert.match(stderr, /another platform uses this store.*--bus/);
    assert.equal((await client.request('GET', '/readyz')).status, 200);
  });
}

for (const { name: store, skip, flags } of databases.slice(0, 1)) {
  test(`${store}: a platform that hung while another took its place ends when it wakes`, { skip }, async (context) => {
    const chosen = await flags();
    const first = await startPlatform({ dataDir: temporaryDirectory(context).path, slots: 1, flags: chosen });
    context.after(() => first.kill());
    first.pause();
    const { client } = await openScene(context, { flags: chosen });
    first.resume();
    await until('the first one to end', () => first.child.exitCode !== null, 20_000);
    assert.match(first.log(), /another platform took its place/);
    const { id } = await client.create(european({ maxPaths: '1000' }));
    assert.equal((await client.result(id)).state, 'Succeeded');
  });
}
