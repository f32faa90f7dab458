import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { systemCalls, type SystemCall } from '@simfleet/testing';
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

/** Appends entry after entry in a process of its own and tells each outcome; answers its system calls, or null where strace is not installed. */
const traceAppends = async (count: number, fault: string): Promise<readonly SystemCall[] | null> => {
  const directory = await makeDirectory();
  const trace = join(directory, 'trace');
  const program = `import { openSqliteStorage } from '@simfleet/storage/sqlite';
    const storage = await openSqliteStorage({ file: ${JSON.stringify(join(directory, 'store.db'))} });
    for (let round = 0; round < ${count}; round += 1) {
      const told = await storage.log.append('s', [{ key: String(round), data: 'needle-' + round + '.' }]).then(
        () => 'acknowledged',
        (error) => error.code,
      );
      process.stdout.write(told + '-' + round + '\\n');
    }
    await storage.close();`;
  const names = 'trace=pwrite64,write,fdatasync,fsync';
  const tracing = ['-f', '-y', '-s', '65536', '-e', names, '-e', `inject=fdatasync,fsync:${fault}`, '-o', trace];
  const child = spawn('strace', [...tracing, process.execPath, '--input-type=module', '-e', program], {
    stdio: 'ignore',
    cwd: import.meta.dirname,
  });
  const missing = await Promise.race([once(child, 'exit').then(() => false), once(child, 'error').then(() => true)]);
  return missing ? null : systemCalls(await readFile(trace, 'utf8'));
};

const isWal = ({ arguments: shown }: SystemCall): boolean => /^\d+<[^>]*-wal>/.test(shown);
const isSync = ({ name }: SystemCall): boolean => name === 'fdatasync' || name === 'fsync';
const isTold =
  (what: string) =>
  ({ name, arguments: shown }: SystemCall): boolean =>
    name === 'write' && shown.includes(what);

test('an append is acknowledged only after its write is synced', async (t) => {
  // Slow enough that an answer that did not wait would be seen before the end.
  const calls = await traceAppends(5, 'delay_exit=10000');
  if (calls === null) return t.skip('strace is not installed');
  for (let round = 0; round < 5; round += 1) {
    const written = calls.find((call) => isWal(call) && call.arguments.includes(`needle-${round}.`));
    const told = calls.find(isTold(`acknowledged-${round}\\n`));
    assert.ok(written !== undefined && told !== undefined, `append ${round} is written and acknowledged`);
    const between = calls.filter((call) => call.began > written.ended && call.ended < told.began);
    assert.ok(
      between.some((call) => isSync(call) && isWal(call) && call.result === 0),
      `append ${round} was acknowledged before it was synced`,
    );
  }
});

test('an append whose sync fails is not acknowledged, nor is any after it', async (t) => {
  // The first seven open the file. What is on the disk after a failed one nobody knows.
  const calls = await traceAppends(8, 'error=EIO:when=10');
  if (calls === null) return t.skip('strace is not installed');
  const failed = calls.find((call) => isSync(call) && call.result === -1);
  assert.ok(failed !== undefined && isWal(failed), 'the sync of an append has failed');
  assert.ok(calls.some((call) => isTold('acknowledged-')(call) && call.began < failed.began));
  assert.ok(!calls.some((call) => isTold('acknowledged-')(call) && call.began > failed.began));
  assert.ok(calls.some(isTold('unavailable-7\\n')));
});
