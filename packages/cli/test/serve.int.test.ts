import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { natsServer, postgresMissing, startNats, startPostgres, temporaryDirectory, until } from '@simfleet/testing';
import { run, start } from './support/process.ts';

const nats = natsServer();
const skip = postgresMissing() ?? ('missing' in nats ? nats.missing : false);

const wrongWords: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a service that is none',
    ['serve', 'local-executr'],
    /no service "local-executr" to run; did you mean "local-executor"\?/,
  ],
  ['a store of one process', ['serve', 'jobs'], /--storage: several processes need a store that they share/],
  ['an executor without an API', ['serve', 'local-executor'], /--api-url: say where shards report to/],
  ['a store given twice', ['serve', '--storage', 'a:', '--storage-file', 'b'], /give --storage or --storage-file/],
  ['a store given twice to up', ['up', '--storage', 'a:', '--storage-file', 'b'], /give --storage or --storage-file/],
];
for (const [name, words, message] of wrongWords) {
  test(`${name} exits with 2 and says what is wrong`, async (t) => {
    const { exit, stdout, stderr } = await run(t, words, { cwd: temporaryDirectory(t).path });
    assert.deepEqual([exit, stdout], [2, '']);
    assert.match(stderr, message);
  });
}

/** Arguments of a process and of all below it. */
const argumentsBelow = (pid: number): string => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8') + children.map((each) => argumentsBelow(Number(each))).join('');
};

test('a replica of jobs runs with its secrets in files, shows none of them, and stops with 0', { skip }, async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const broker = await startNats(t);
  const storage = await postgres.createDatabase();
  writeFileSync(join(cwd, 'storage'), storage, { mode: 0o600 });
  const words = ['serve', 'jobs', '--port', '0', '--storage-file', 'storage', '--print-ready', '--verbose'];
  const files = ['--admin-token-file', 'token', '--cursor-key-file', 'keys'];
  const options = { cwd, env: { SIMFLEET_BUS: broker.url } };
  const { child, output, ended } = start(t, [...words, ...files, '--', '--drain-ms', '0'], options);
  await until('the replica', () => output.stdout.includes('\n') || child.exitCode !== null, 30_000);
  const { url } = JSON.parse(output.stdout) as { readonly url: string };
  const authorization = `Bearer ${readFileSync(join(cwd, 'token'), 'utf8').trim()}`;
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization } });
  assert.equal(metrics.status, 200);
  const shown = argumentsBelow(child.pid ?? 0) + output.stderr + (await metrics.text());
  for (const secret of [new URL(storage).password, broker.password, authorization.slice(7)]) {
    assert.ok(secret.length > 3 && !shown.includes(secret));
  }
  assert.equal((await fetch(`${url}/v1/services`, { headers: { authorization } })).status, 200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0, output.stderr);
  assert.equal(execFileSync('ls', [cwd], { encoding: 'utf8' }), 'keys\nstorage\ntoken\n');
});

test(
  'a URL on the command line reaches the platform, and is not on the line of the process that it starts',
  { skip },
  async (t) => {
    const { path: cwd } = temporaryDirectory(t);
    const postgres = await startPostgres();
    t.after(() => postgres.stop());
    const storage = await postgres.createDatabase();
    const { child, output, ended } = start(t, ['up', '--port', '0', '--storage', storage], { cwd });
    await until('the platform', () => output.stderr.includes('Stop with ctrl-C') || child.exitCode !== null, 30_000);
    const { pid } = JSON.parse(readFileSync(join(cwd, '.simfleet/platform.json'), 'utf8')) as { readonly pid: number };
    assert.ok(!argumentsBelow(pid).includes(new URL(storage).password));
    assert.match(await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE datname <> 'postgres'"), /^[1-9]/);
    child.kill('SIGTERM');
    await ended;
  },
);
