import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { temporaryDirectories } from './directories.ts';

// Before the directories are removed: hooks run in this order.
const mounts: string[] = [];
after(() => mounts.forEach((directory) => execFileSync('umount', [directory])));
const makeDirectory = temporaryDirectories();

/** A file system of 2 MiB, or why there is none. */
const smallDisk = async (): Promise<{ readonly directory: string } | { readonly reason: string }> => {
  const directory = await makeDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    return { reason: `no file system can be mounted here: ${(error as Error).message.split('\n').at(-2) ?? ''}` };
  }
  mounts.push(directory);
  return { directory };
};

test('a full disk is `storage-full`; nothing is lost, and the store goes on when there is room', async (t) => {
  const disk = await smallDisk();
  if ('reason' in disk) return t.skip(disk.reason);
  const file = join(disk.directory, 'store.db');
  const storage = await openSqliteStorage({ file });
  const acknowledged: number[] = [];
  const fill = async (): Promise<void> => {
    for (let round = 0; round < 1000; round += 1) {
      const [{ position } = { position: 0 }] = await storage.log.append('s', [
        { key: `${round}`, data: 'x'.repeat(20_000) },
      ]);
      acknowledged.push(position);
    }
  };
  await assert.rejects(fill(), { code: 'storage-full', message: /disk/ });
  assert.ok(acknowledged.length > 3);
  await assert.rejects(storage.log.append('s', [{ key: 'again', data: 'x'.repeat(200_000) }]), {
    code: 'storage-full',
  });
  assert.equal(await storage.log.last('s'), acknowledged.length);

  execFileSync('mount', ['-o', 'remount,size=16m', disk.directory]);
  const [next] = await storage.log.append('s', [{ key: 'room', data: 'x'.repeat(20_000) }]);
  assert.equal(next?.position, acknowledged.length + 1);
  await storage.close();
  const reopened = await openSqliteStorage({ file });
  assert.equal((await reopened.log.read('s', 0, 10_000)).length, acknowledged.length + 1);
  await reopened.close();
});

test('an append is acknowledged only after fdatasync of its write', async (t) => {
  const directory = await makeDirectory();
  const trace = join(directory, 'trace');
  const program = `import { openSqliteStorage } from '@simfleet/storage/sqlite';
    const storage = await openSqliteStorage({ file: ${JSON.stringify(join(directory, 'store.db'))} });
    for (let round = 0; round < 5; round += 1) {
      await storage.log.append('s', [{ key: String(round), data: 'needle-' + round }]);
      process.stdout.write('acknowledged-' + round + '\\n');
    }
    await storage.close();`;
  const tracing = ['-f', '-e', 'trace=pwrite64,write,fdatasync,fsync', '-s', '65536', '-o', trace];
  const child = spawn('strace', [...tracing, process.execPath, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: import.meta.dirname,
  });
  const failed = await Promise.race([once(child, 'exit').then(() => null), once(child, 'error')]).catch(
    (error: Error) => error,
  );
  if (failed !== null) return t.skip('strace is not installed');
  const lines = (await readFile(trace, 'utf8')).split('\n');
  for (let round = 0; round < 5; round += 1) {
    const written = lines.findIndex((line) => line.includes('pwrite64') && line.includes(`needle-${round}`));
    const acknowledged = lines.findIndex((line) => line.includes(`acknowledged-${round}`));
    // A call that other threads interrupt is traced twice; what counts is the line with its result.
    const synced = lines.findIndex((line, index) => index > written && /f(data)?sync\b.*= 0$/.test(line));
    assert.ok(
      written >= 0 && synced > written && acknowledged > synced,
      `write ${written}, sync ${synced}, answer ${acknowledged}`,
    );
  }
});
