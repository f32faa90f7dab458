import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jobResult } from '@simfleet/contracts';
import { isAlive, temporaryDirectory, until } from '@simfleet/testing';
import { endless, manifest, up } from './support/platform.ts';
import { start } from './support/process.ts';

const pidOf = (cwd: string): number =>
  (JSON.parse(readFileSync(join(cwd, '.simfleet/platform.json'), 'utf8')) as { readonly pid: number }).pid;

test('who watches goes on by itself when the platform is stopped and comes back on another port', async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  const first = await up(t, cwd);
  await first.simfleet(['apply', '-f', '-'], manifest({ name: 'watched', spec: endless }));
  const watcher = start(t, ['watch', 'watched', '-o', 'json'], { cwd });
  await until('progress', () => watcher.output.stderr.includes('price '), 30_000);
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0);
  assert.ok(!existsSync(join(cwd, '.simfleet/platform.json')), 'a clean stop leaves no address behind');
  await until('the watcher to notice', () => watcher.output.stderr.includes('trying again'));

  const second = await up(t, cwd);
  assert.notEqual(second.url, first.url);
  await until('the watcher to come back', () => watcher.output.stderr.includes('connected again'), 20_000);
  await second.simfleet(['cancel', 'watched']);
  assert.equal(await watcher.ended, 7);
  assert.equal(jobResult.parse(JSON.parse(watcher.output.stdout)).stopReason, 'Cancelled');
});

test('a platform does not outlive its command, not even one that was killed', async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  const { child, ended } = await up(t, cwd);
  const pid = pidOf(cwd);
  child.kill('SIGKILL');
  await ended;
  await until('the platform to end', () => !isAlive(pid), 20_000);
  assert.ok(!existsSync(join(cwd, '.simfleet/platform.json')), 'it has stopped in order');
});

test('a platform that was killed is told by the command that runs it, and the next one tidies up', async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  const first = await up(t, cwd);
  process.kill(pidOf(cwd), 'SIGKILL');
  assert.equal(await first.ended, 5);
  assert.match(first.output.stderr, /simfleet: the platform ended by SIGKILL/);
  const { exit, stderr } = await first.simfleet(['get', 'jobs']);
  assert.equal(exit, 5);
  assert.match(stderr, /cannot be reached: nothing listens there/);
  const second = await up(t, cwd);
  assert.equal((await second.simfleet(['get', 'jobs'])).exit, 0);
});

test('up --run prints the result and stays up until ctrl-C', async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  writeFileSync(join(cwd, 'job.yaml'), manifest({ name: 'first' }));
  const platform = await up(t, cwd, ['--run', 'job.yaml']);
  await until('the result', () => platform.output.stderr.includes('The platform stays up'), 20_000);
  assert.match(platform.output.stdout, /^job +first \(job-[^]*Black–Scholes[^]*digest +[0-9a-f]{64}\n$/);
  assert.equal((await platform.simfleet(['result', 'first'])).exit, 0);
  platform.child.kill('SIGINT');
  assert.equal(await platform.ended, 0);
});

test('up refuses a wrong manifest before anything is started', async (t) => {
  const { path: cwd } = temporaryDirectory(t);
  writeFileSync(join(cwd, 'job.yaml'), 'kind: Simulation');
  const { output, ended } = start(t, ['up', '--port', '0', '--run', 'job.yaml'], { cwd });
  assert.equal(await ended, 2);
  assert.match(output.stderr, /job\.yaml:1:1: kind: must be SimulationJob/);
  assert.ok(!existsSync(join(cwd, '.simfleet')));
});
