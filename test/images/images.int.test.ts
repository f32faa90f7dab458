import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort, redisMissing, startRedis, temporaryDirectory, until } from '@simfleet/testing';
import { openClient } from '../e2e/client.ts';
import { european } from '../e2e/scene.ts';
import { buildImages, imagesMissing, openArchive, unpack } from './archive.ts';
import type { ReadImage } from './archive.ts';
import { contain, containmentMissing } from './contained.ts';

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const filesOf = (layer: string): readonly string[] =>
  execFileSync('tar', ['-tf', layer], { encoding: 'utf8', maxBuffer: 2 ** 24 })
    .trim()
    .split('\n');

test('the same tree gives the same bytes, whoever builds it and when', { skip: imagesMissing() }, (t) => {
  const { path } = temporaryDirectory(t);
  const flags = ['--image', 'runner', '--image', 'example'];
  const once = buildImages(join(path, 'once.tar'), flags);
  const again = buildImages(join(path, 'again.tar'), flags, {
    TZ: 'Asia/Tokyo',
    LANG: 'sv_SE.UTF-8',
    LC_ALL: 'sv_SE.UTF-8',
  });
  assert.deepEqual(once, again);
  assert.equal(hashOf(join(path, 'once.tar')), hashOf(join(path, 'again.tar')));
});

test(
  'an image has what its programs import, and neither tests nor tools nor types of packages',
  { skip: imagesMissing() },
  (t) => {
    const { path } = temporaryDirectory(t);
    const built = buildImages(join(path, 'all.tar'));
    const { find, names } = openArchive(join(path, 'all.tar'), join(path, 'archive'));
    for (const { name, digest, bytes } of built) {
      t.diagnostic(`${name}: ${(bytes / 1e6).toFixed(0)} MB`);
      assert.ok(
        names.includes(name) && names.includes(`${name.replace(/:[^:]*$/, '')}@${digest}`),
        `${name} by tag and digest`,
      );
      assert.ok(bytes < 250e6);
    }
    const [base, platform] = find('docker.io/simfleet/platform:test').layers;
    const [sameBase, runner] = find('docker.io/simfleet/runner:test').layers;
    assert.equal(base, sameBase, 'the base is in the archive once');
    const unwanted = [
      /^app\/(packages|services|operator)\/.*\/test\//,
      /node_modules\/(typescript|fast-check|eslint|@types|node)\//,
      /node_modules\/(?!@simfleet).*\.ts$/,
      /\.map$/,
      /\/contract\//,
    ];
    for (const file of [...filesOf(platform ?? ''), ...filesOf(runner ?? '')])
      for (const pattern of unwanted) assert.doesNotMatch(file, pattern);
    assert.ok(filesOf(runner ?? '').length < 70, 'the runner is slim');
    assert.ok(!filesOf(runner ?? '').some((file) => file.includes('zod')));
    const owners = execFileSync('tar', ['--numeric-owner', '-tvf', base ?? ''], { encoding: 'utf8' })
      .trim()
      .split('\n');
    assert.ok(owners.every((line) => / 0\/0 /.test(line)));
  },
);

/** One image unpacked, and a way to run its programs. */
const open = (t: TestContext, folder: string, image: ReadImage) => {
  const root = join(folder, 'root');
  unpack(image, root);
  let runs = 0;
  return (words: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
    const log = join(folder, `log-${++runs}`);
    return contain(t, { root, config: image.config, arguments: words, variables, log });
  };
};

const openImage = (t: TestContext, name: string) => {
  const { path } = temporaryDirectory(t);
  buildImages(join(path, 'image.tar'), ['--image', name]);
  const image = openArchive(join(path, 'image.tar'), join(path, 'archive')).find(`docker.io/simfleet/${name}:test`);
  return open(t, path, image);
};

const skip = imagesMissing() || containmentMissing();

test(
  'the platform image serves, computes and ends as an unprivileged process 1 that can write nowhere',
  { skip: skip || redisMissing() },
  async (t) => {
    // Its scripts are files that no program imports.
    const redis = await startRedis(t);
    const run = openImage(t, 'platform');
    const rights = run(['-p', `process.getuid() + ' ' + process.getgid() + ' ' + process.pid + ' ' + process.version`]);
    assert.equal(await rights.ended, 0, rights.output());
    assert.equal(rights.output(), `65532 65532 1 ${process.version}\n`);
    const writer = run(['-e', `fs.writeFileSync('/app/x', '')`]);
    assert.equal(await writer.ended, 1);
    assert.match(writer.output(), /EROFS/);

    const port = await freePort();
    const flags = [
      '--data-dir',
      '/tmp/data',
      '--port',
      String(port),
      '--sockets-port',
      '0',
      '--executor-slots',
      '2',
      '--log-level',
      'warn',
      '--rate-limits',
      redis.url,
    ];
    const platform = run(['services/all-in-one/src/main.ts', ...flags]);
    const url = `http://127.0.0.1:${port}`;
    const status = async (path: string): Promise<number> =>
      (await fetch(`${url}${path}`).catch(() => null))?.status ?? 0;
    await until('the platform to be ready', async () => (await status('/readyz')) === 200, 30_000);
    const token = platform.readFile('/tmp/data/admin-token').trim();
    const documentation = await fetch(`${url}/docs`, { headers: { authorization: `Bearer ${token}` } });
    assert.match(await documentation.text(), /swagger/i);
    const client = openClient({ url, token });
    const listed = await client.request('GET', '/v1/jobs');
    assert.match(listed.headers.get('ratelimit') ?? '', /"api";r=\d+;/);
    const { id } = await client.create(european({ maxPaths: '20000000' }));
    await until('the job to succeed', async () => (await client.job(id)).state === 'Succeeded', 30_000);

    const shown = run(['packages/cli/bin/simfleet.js', 'describe', 'job', id], {
      SIMFLEET_URL: url,
      SIMFLEET_TOKEN: token,
    });
    assert.equal(await shown.ended, 0, shown.output());
    assert.match(shown.output(), /Succeeded/);
    platform.terminate();
    assert.equal(await platform.ended, 0, platform.output());

    const operator = run(['operator/src/main.ts', '--no-such-flag', 'x']);
    assert.equal(await operator.ended, 2);
    assert.match(operator.output(), /simfleet-operator: .*--no-such-flag/);
  },
);

test('the runner image says what is missing, in its output and where Kubernetes reads it', { skip }, async (t) => {
  const run = openImage(t, 'runner');
  const stranger = run([]);
  assert.equal(await stranger.ended, 1);
  assert.match(stranger.output(), /this is no pod of a job:\nSIMFLEET_URL is not set/);
  assert.equal(`${stranger.terminationLog()}\n`, stranger.output());

  const nobodyThere = { SIMFLEET_URL: 'http://127.0.0.1:1', SIMFLEET_JOB_ID: 'job', SIMFLEET_SHARD: '0' };
  const waiting = run([], { ...nobodyThere, SIMFLEET_TOKEN_FILE: '/etc/passwd' });
  await until('it to complain', () => waiting.output().includes('cannot report, trying again'), 30_000);
  waiting.terminate();
  assert.equal(await waiting.ended, 143, waiting.output());
  assert.match(waiting.terminationLog(), /gave up reporting/);
});
