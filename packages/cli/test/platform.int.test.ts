import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jobResult } from '@simfleet/contracts';
import type { Job, JobResult } from '@simfleet/contracts';
import { temporaryDirectory, until } from '@simfleet/testing';
import { endless, manifest, up } from './support/platform.ts';
import type { Up } from './support/platform.ts';
import { run, start } from './support/process.ts';

const cleanUps: (() => void | Promise<void>)[] = [];
const file = { after: (cleanUp: () => void | Promise<void>) => void cleanUps.unshift(cleanUp) };
const { path: home } = temporaryDirectory(file);
let platform: Up;
before(async () => {
  platform = await up(file, home);
});
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

const result = (text: string): JobResult => jobResult.parse(JSON.parse(text));
const job = async (name: string): Promise<Job> =>
  JSON.parse((await platform.simfleet(['get', 'job', name, '-o', 'json'])).stdout) as Job;
const running = (name: string) => until(`${name} to run`, async () => (await job(name)).state === 'Running');

test('what up prints to copy and paste works', async () => {
  const { stderr } = platform.output;
  const command = /^ {2}(curl .*)$/m.exec(stderr)?.[1];
  assert.ok(command !== undefined, stderr);
  const [, token = '', url = ''] = /"Authorization: Bearer \$\(cat (.*)\)" (http.*)$/.exec(command) ?? [];
  const authorization = `Bearer ${readFileSync(join(home, token), 'utf8').trim()}`;
  const answer = await fetch(url, { headers: { authorization } });
  assert.equal(answer.status, 200);
  assert.equal(statSync(join(home, token)).mode & 0o777, 0o600);
});

test('run prints one JSON document and nothing else; again it starts a new job under a suffix with the same digest', async () => {
  const text = manifest({ name: 'repeated' });
  const first = await platform.simfleet(['run', '-f', '-', '-o', 'json'], text);
  assert.equal(first.exit, 0, first.stderr);
  assert.match(first.stderr, /^job repeated created \(job-/);
  const sevenShards = manifest({ name: 'repeated', spec: { shards: 7 } });
  const second = await platform.simfleet(['run', '-f', '-', '-o', 'json', '-q'], sevenShards);
  assert.deepEqual([second.exit, second.stderr], [0, '']);
  const [one, two] = [result(first.stdout), result(second.stdout)];
  assert.equal(one.job.name, 'repeated');
  assert.match(two.job.name, /^repeated-[a-z0-9]{5}$/);
  assert.equal(one.resultDigest, two.resultDigest);
  assert.equal(one.stopReason, 'Completed');
});

test('a result is the same by run, watch and result, in json and yaml, and beside Black–Scholes in a table', async () => {
  const made = await platform.simfleet(['run', '-f', '-', '-o', 'json', '-q'], manifest({ name: 'shown' }));
  for (const words of [['watch', '-q'], ['result']])
    assert.equal((await platform.simfleet([...words, 'shown', '-o', 'json'])).stdout, made.stdout);
  assert.match(
    (await platform.simfleet(['result', 'job/shown', '-o', 'yaml'])).stdout,
    /^job:\n {2}id: job-.*\n {2}name: shown\n/,
  );
  const { stdout } = await platform.simfleet(['result', result(made.stdout).job.id]);
  assert.match(stdout, /^price +10\.\d+ +± 0\.\d+ \(95%\) +10\.45\d* +Black–Scholes +[+−]\d\.\d\d s\.e\.$/m);
  assert.match(stdout, /^digest +[0-9a-f]{64}$/m);
});

test('apply creates once, then changes nothing, then what may change, and refuses the rest by name', async () => {
  const apply = (spec: object, labels = {}) =>
    platform.simfleet(
      ['apply', '-f', '-'],
      manifest({ name: 'applied', spec: { ...endless, suspend: true, ...spec }, labels }),
    );
  assert.equal((await apply({})).stdout, 'SimulationJob applied created\n');
  assert.equal((await apply({})).stdout, 'SimulationJob applied unchanged\n');
  assert.equal(
    (await apply({ parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' } }))
      .stdout,
    'SimulationJob applied unchanged\n',
  );
  assert.equal(
    (await apply({ shards: 3, activeDeadlineSeconds: 60 }, { desk: 'rates' })).stdout,
    'SimulationJob applied changed\n',
  );
  const changed = await job('applied');
  assert.deepEqual(
    [changed.spec.shards, changed.spec.activeDeadlineSeconds, changed.labels],
    [3, 60, { desk: 'rates' }],
  );
  assert.equal((await apply({ shards: 3 })).stdout, 'SimulationJob applied changed\n');
  const back = await job('applied');
  assert.deepEqual([back.spec.activeDeadlineSeconds, back.labels], [undefined, {}]);
  const refused = await apply({ seed: '43', shards: 5, maxPaths: '5' });
  assert.deepEqual([refused.exit, refused.stdout], [4, '']);
  assert.match(refused.stderr, /spec\.seed: cannot change after creation: is "42", the manifest says "43"/);
  assert.equal((await job('applied')).spec.shards, 3, 'nothing was changed');
  assert.equal((await apply({ shards: 3, maxPaths: '5' })).exit, 4, 'a bound is never made narrower');
  assert.equal((await platform.simfleet(['cancel', 'applied'])).stdout, 'job applied cancelled (Cancelled)\n');
});

test('apply takes services and jobs of one file in order; a service in use cannot be deleted', async () => {
  const service = (description: string): string =>
    JSON.stringify({
      apiVersion: 'simfleet.dev/v1alpha1',
      kind: 'SimulationService',
      metadata: { name: 'house-option' },
      spec: {
        description,
        engine: 'european-option',
        defaults: { spot: 100, rate: 0.05, volatility: 0.2, maturity: 1 },
      },
    });
  const own = { serviceRef: { name: 'house-option' }, parameters: { strike: 110 } };
  const both = `${service('one')}\n---\n${manifest({ name: 'house', spec: own })}\n`;
  assert.equal(
    (await platform.simfleet(['apply', '-f', '-'], both)).stdout,
    'SimulationService house-option created\nSimulationJob house created\n',
  );
  assert.equal(
    (await platform.simfleet(['apply', '-f', '-'], both)).stdout,
    'SimulationService house-option unchanged\nSimulationJob house unchanged\n',
  );
  assert.equal(
    (await platform.simfleet(['apply', '-f', '-'], service('two'))).stdout,
    'SimulationService house-option changed\n',
  );
  assert.match((await platform.simfleet(['describe', 'service', 'house-option'])).stdout, /^version +2$/m);
  assert.equal((await platform.simfleet(['watch', 'house', '-q'])).exit, 0);
  assert.equal((await platform.simfleet(['delete', 'service', 'house-option'])).exit, 4);
  const deleted = await platform.simfleet(['delete', 'house', '-o', 'json']);
  assert.deepEqual(JSON.parse(deleted.stdout), { kind: 'job', name: 'house', deleted: true });
  assert.equal(
    (await platform.simfleet(['delete', 'service', 'house-option'])).stdout,
    'service house-option deleted\n',
  );
  assert.equal((await platform.simfleet(['describe', 'house'])).exit, 3);
});

test('jobs are suspended, resumed and cancelled; who watches sees it and exits with 7', async (t) => {
  await platform.simfleet(['apply', '-f', '-'], manifest({ name: 'steered', spec: endless }));
  await running('steered');
  const watcher = start(t, ['watch', 'steered', '-o', 'json'], { cwd: home });
  assert.equal((await platform.simfleet(['result', 'steered'])).exit, 4);
  assert.equal((await platform.simfleet(['delete', 'steered'])).exit, 4);
  assert.equal((await platform.simfleet(['suspend', 'steered'])).exit, 0);
  await until('it to pause', async () => (await job('steered')).state === 'Suspended');
  assert.match((await platform.simfleet(['get', 'jobs', '--state', 'Suspended', '-o', 'name'])).stdout, /^steered\n$/m);
  assert.equal((await platform.simfleet(['resume', 'steered'])).exit, 0);
  await running('steered');
  await until('progress', () => watcher.output.stderr.includes('price '), 30_000);
  const both = await platform.simfleet(['cancel', 'steerde', 'steered']);
  assert.equal(both.exit, 3);
  assert.match(both.stderr, /no job "steerde"; did you mean "steered"\?/);
  assert.equal(await watcher.ended, 7);
  assert.equal(result(watcher.output.stdout).stopReason, 'Cancelled');
  assert.equal((await platform.simfleet(['resume', 'steered'])).exit, 4);
});

test('an extension ends with the digest of a fresh job with the same bounds', async () => {
  await platform.simfleet(['run', '-f', '-', '-q'], manifest({ name: 'short' }));
  const extended = await platform.simfleet([
    'extend',
    'short',
    '--max-paths',
    '9000000',
    '--watch',
    '-q',
    '-o',
    'json',
  ]);
  assert.equal(extended.exit, 0, extended.stderr);
  const fresh = await platform.simfleet(
    ['run', '-f', '-', '-q', '-o', 'json'],
    manifest({ name: 'long', spec: { maxPaths: '9000000' } }),
  );
  assert.equal(result(extended.stdout).resultDigest, result(fresh.stdout).resultDigest);
  assert.equal((await platform.simfleet(['extend', 'short', '--max-paths', '5'])).exit, 4);
});

test('a crossed threshold exits with 8 only when asked to', async () => {
  // Enough blocks for a verdict.
  const spec = { maxPaths: '80000000', thresholds: [{ name: 'dear', metric: 'price', above: '5' }] };
  const text = manifest({ name: 'threshold', spec });
  assert.equal((await platform.simfleet(['run', '-f', '-', '-q'], text)).exit, 0);
  const { exit, stderr, stdout } = await platform.simfleet(['run', '-f', '-', '--fail-on-threshold'], text);
  assert.equal(exit, 8);
  assert.match(stderr, /threshold dear crossed: price 10\./);
  assert.match(stdout, /^thresholds +dear: Crossed$/m);
});

test('what the platform finds wrong is told with its place in the manifest', async () => {
  const wrong = `apiVersion: simfleet.dev/v1alpha1
kind: SimulationJob
metadata: {name: wrong}
spec:
  serviceRef: {name: european-option}
  parameters: {spot: 100, strike: 100, rate: 0.05, volatility: -1, maturity: 1}
  precision: {metric: prize, relativeError: "0.1"}
`;
  for (const command of ['apply', 'run', 'estimate']) {
    const { exit, stdout, stderr } = await platform.simfleet([command, '-f', '-'], wrong);
    assert.deepEqual([exit, stdout], [2, ''], command);
    assert.match(stderr, /standard input:6:52: spec\.parameters\.volatility: /);
  }
});

test('the output of shards is read, also of one shard alone', async () => {
  await platform.simfleet(['run', '-f', '-', '-q'], manifest({ name: 'logged' }));
  // Output is collected beside the job, not before its end.
  const lines = (words: readonly string[]) => async () =>
    (await platform.simfleet(['logs', 'logged', ...words])).stdout || null;
  assert.match(await until('the output', lines(['-f'])), /^\[0\] /);
  assert.match(await until('the output as JSON', lines(['-o', 'json', '--shard', '0'])), /^\{"position":1,"shard":0,/);
  assert.equal(await lines(['--shard', '9'])(), null);
});

test('an estimate tells paths and time and creates nothing', async () => {
  const { exit, stdout } = await platform.simfleet(
    ['estimate', '-f', '-'],
    manifest({
      name: 'guessed',
      spec: { maxPaths: undefined, precision: { metric: 'price', relativeError: '0.001' } },
    }),
  );
  assert.equal(exit, 0);
  assert.match(stdout, /^paths +about [\d,]+$/m);
  assert.match(stdout, /^time +about \d+:\d\d on 1 shard$/m);
  assert.equal((await platform.simfleet(['describe', 'guessed'])).exit, 3);
});

test('a wrong token exits with 6', async () => {
  const { exit } = await platform.simfleet(['get', 'jobs', '--url', platform.url]);
  assert.equal(exit, 6);
});

test('ctrl-C on run leaves the job running', async (t) => {
  writeFileSync(join(home, 'left.yaml'), manifest({ name: 'left', spec: endless }));
  const { child, output, ended } = start(t, ['run', '-f', 'left.yaml'], { cwd: home });
  await until('progress', () => output.stderr.includes('price '), 30_000);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.match(output.stderr, /job left goes on: `simfleet watch left` follows it/);
  assert.equal((await job('left')).state, 'Running');
  await platform.simfleet(['cancel', 'left']);
});

test('a second platform on the same data directory or port is refused with what to do', async (t) => {
  const held = await run(t, ['up', '--port', '0'], { cwd: home });
  assert.equal(held.exit, 4);
  assert.match(held.stderr, /^simfleet: [^]*choose another[^]*--data-dir/i);
  const { path: elsewhere } = temporaryDirectory(t);
  const taken = await run(t, ['up', '--port', new URL(platform.url).port], { cwd: elsewhere });
  assert.equal(taken.exit, 4);
  assert.match(taken.stderr, new RegExp(`^simfleet: [^]*${new URL(platform.url).port}[^]*--port`));
});

test('run --embedded leaves nothing behind: after a result, after a refusal, after ctrl-C', async (t) => {
  const { path: temporary } = temporaryDirectory(t);
  const { path: cwd } = temporaryDirectory(t);
  const env = { TMPDIR: temporary };
  writeFileSync(join(cwd, 'good.yaml'), manifest({ name: 'good' }));
  writeFileSync(join(cwd, 'wrong.yaml'), manifest({ name: 'wrong', spec: { parameters: { spot: -1 } } }));
  writeFileSync(join(cwd, 'endless.yaml'), manifest({ name: 'endless', spec: endless }));

  const good = await run(t, ['run', '-f', 'good.yaml', '--embedded', '-o', 'json'], { cwd, env });
  assert.equal(good.exit, 0, good.stderr);
  assert.equal(result(good.stdout).state, 'Succeeded');
  assert.equal((await run(t, ['run', '-f', 'wrong.yaml', '--embedded'], { cwd, env })).exit, 2);

  const { child, output, ended } = start(t, ['run', '-f', 'endless.yaml', '--embedded'], { cwd, env });
  await until('progress', () => output.stderr.includes('price '), 30_000);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.equal(output.stdout, '');
  assert.deepEqual(readdirSync(temporary), []);
  assert.deepEqual(readdirSync(cwd).sort(), ['endless.yaml', 'good.yaml', 'wrong.yaml']);
});
