import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory, until } from '@simfleet/testing';
import { launcher, run, start } from './support/process.ts';
import { simfleet } from './support/terminal.ts';

/** Makes the launcher believe that it runs under an old Node. */
const pretendOld = `data:text/javascript,${encodeURIComponent(
  "if (process.argv[1].endsWith('simfleet.js')) Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } })",
)}`;

test('under an old Node the command runs with the one of the workspace: same output, same exit code', async (t) => {
  const nodeFlags = ['--import', pretendOld];
  const good = await run(t, ['primes', '3'], { nodeFlags });
  assert.deepEqual(good, { exit: 0, stdout: '2\n3\n5\n', stderr: '' });
  const wrong = await run(t, ['primes', '0'], { nodeFlags });
  assert.equal(wrong.exit, 2);
});

test('under an old Node a signal reaches the command', async (t) => {
  const { child, output, ended } = start(t, ['primes', '1000000000'], { nodeFlags: ['--import', pretendOld] });
  await until('the first primes', () => output.stdout.length > 0);
  child.kill('SIGTERM');
  assert.equal(await ended, 130);
});

test('a reader that goes away ends the command quietly', () => {
  for (const words of ['primes 1000000', 'help exit-codes', '--help']) {
    const script = `"$0" "$1" ${words} | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, launcher], { encoding: 'utf8' });
    assert.match(stdout, /^[^\n]*\n0\n$/, words);
    assert.equal(stderr, '', words);
  }
});

test('ctrl-C ends a command that only computes and writes to a file, where writing never waits', async (t) => {
  const { path } = temporaryDirectory(t);
  const file = openSync(join(path, 'primes'), 'w');
  t.after(() => closeSync(file));
  const { child, output, ended } = start(t, ['primes', '20000000'], { file });
  await until('the first primes', () => fstatSync(file).size > 0);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.equal(output.stderr, '');
});

/** What bash offers for a line that ends under the cursor; `simfleet` itself answers with two jobs. */
const offered = (script: string, line: readonly string[]): readonly string[] => {
  const program = `${script}
simfleet() { printf 'asian-call\\neuropean-call\\n'; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _simfleet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', program, 'bash', ...line], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  assert.equal(stderr, '');
  return stdout.split('\n').filter((word) => word !== '');
};

test('bash completes commands, kinds, jobs, options, forms of output and files', async () => {
  const script = (await simfleet(['completion', 'bash'])).stdout;
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['simfleet', 'su'], ['suspend']],
    [['simfleet', 'get', 'se'], ['services']],
    [['simfleet', '-o', 'ya'], ['yaml']],
    [['simfleet', '-o', 'json', 'ge'], ['get']],
    [['simfleet', '-o', 'json', 'get', 'se'], ['services']],
    [['simfleet', 'comp'], ['completion']],
    [['simfleet', '--cus'], ['--customer']],
    [['simfleet', 'watch', 'as'], ['asian-call']],
    [
      ['simfleet', 'describe', ''],
      ['jobs', 'services', 'customers', 'asian-call', 'european-call'],
    ],
    [['simfleet', 'run', '--emb'], ['--embedded']],
    [['simfleet', 'get', 'jobs', '-o', 'j'], ['json']],
    [['simfleet', 'run', '-f', 'follow'], ['follow.int.test.ts']],
    [['simfleet', 'logs', '-f', 'eu'], ['european-call']],
    [['simfleet', 'help', 'exit'], ['exit-codes']],
    [['simfleet', 'get', 'jobs', '--state', ''], []],
  ];
  for (const [line, expected] of cases) assert.deepEqual(offered(script, line), expected, line.join(' '));
});

test('the scripts for zsh and fish offer every command, and parse where these shells are installed', async (t) => {
  const { path } = temporaryDirectory(t);
  const { stdout: help } = await simfleet(['--help']);
  const names = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '');
  assert.ok(names.length > 15);
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await simfleet(['completion', shell]);
    for (const name of names) assert.ok(stdout.includes(name), `${shell} knows ${name}`);
    writeFileSync(join(path, shell), stdout);
    const check = spawnSync(shell, ['-n', join(path, shell)], { encoding: 'utf8' });
    if (check.error === undefined) assert.deepEqual([check.status, check.stderr], [0, '']);
  }
});
