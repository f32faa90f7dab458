import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { until } from '@simfleet/testing';

const program = fileURLToPath(new URL('fixtures/main.ts', import.meta.url));

/** Runs the fixture; the child is ended with its test. */
const run = (t: TestContext, flags: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [program, ...flags], { env: { ...process.env, ...environment } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  t.after(() => child.kill('SIGKILL'));
  return { child, output, ended, ready: () => until('ready', () => output.stdout.includes('ready\n')) };
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops in order and exits 0`, async (t) => {
    const { child, output, ended, ready } = run(t, []);
    await ready();
    child.kill(signal);
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.equal(output.stdout, 'ready\nasked to stop\nstopped\n');
  });
}

test('a second signal ends a stop that hangs', async (t) => {
  const { child, output, ended, ready } = run(t, ['--fault', 'hang']);
  await ready();
  child.kill('SIGTERM');
  await until('first signal seen', () => output.stdout.includes('asked to stop'));
  child.kill('SIGINT');
  assert.deepEqual(await ended, { code: 130, signal: null });
});

for (const fault of ['throw', 'reject']) {
  test(`an error that nobody caught (${fault}) is logged as fatal and exits 1`, async (t) => {
    const { output, ended } = run(t, ['--fault', fault]);
    assert.equal((await ended).code, 1);
    const entry = JSON.parse(output.stderr.trim().split('\n').at(-1) ?? '') as { level: string };
    assert.equal(entry.level, 'fatal');
  });
}

test('a start that fails unexpectedly logs the stack and exits 1', async (t) => {
  const { output, ended } = run(t, ['--fault', 'start']);
  assert.equal((await ended).code, 1);
  assert.match(output.stderr, /start is broken/);
  assert.equal(output.stdout, '');
});

test('a port in use is told in a line for people, with an exit code of its own', async (t) => {
  const { output, ended } = run(t, ['--fault=port']);
  assert.equal((await ended).code, 4);
  assert.equal(output.stderr, 'fixture: port-in-use: 127.0.0.1:8080 is taken\n');
});

test('a wrong configuration starts nothing and exits 2', async (t) => {
  const { output, ended } = run(t, ['--fualt', 'none'], { SIMFLEET_LOG_LEVEL: 'loud' });
  assert.equal((await ended).code, 2);
  assert.match(output.stderr, /--fualt: no such flag; did you mean "--fault"\?/);
  assert.match(output.stderr, /SIMFLEET_LOG_LEVEL: /);
  assert.equal(output.stdout, '');
});

test('--help tells every option, starts nothing and exits 0, whatever else is wrong', async (t) => {
  const { output, ended } = run(t, ['--fualt', '--help'], { SIMFLEET_LOG_LEVEL: 'loud' });
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.equal(output.stderr, '');
  assert.match(output.stdout, /^Usage: fixture .*\n\nShows what a process does/);
  for (const part of [/--fault <"none" \| /, /What goes wrong\.\n +SIMFLEET_FAULT, default "none"/, /--log-level/])
    assert.match(output.stdout, part);
  assert.ok(output.stdout.split('\n').every((line) => line.length <= 110));
});

test('an unknown variable is warned of, and nothing more', async (t) => {
  const { child, output, ended, ready } = run(t, [], { SIMFLEET_FUALT: 'x', SIMFLEET_URL: 'http://x' });
  await ready();
  child.kill('SIGTERM');
  assert.equal((await ended).code, 0);
  assert.match(output.stderr, /SIMFLEET_FUALT/);
  assert.doesNotMatch(output.stderr, /SIMFLEET_URL/);
});
