import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '@simfleet/testing';
import { buildImages, imagesMissing, openArchive } from './archive.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Instructions of the stages that make an image, lowest first. */
const instructionsOf = (target: string): readonly (readonly [string, string])[] => {
  const stages = read('Dockerfile')
    .replace(/\\\n\s*/g, ' ')
    .split(/^(?=FROM )/m);
  const stage = stages.find((text) => text.startsWith('FROM') && text.split('\n')[0]?.endsWith(` AS ${target}`));
  assert.ok(stage, `there is a stage ${target}`);
  const lines = stage.split('\n').filter((line) => /^[A-Z]/.test(line));
  const own = lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);
  const below = /^(\w+) AS/.exec(own[0]?.[1] ?? '')?.[1];
  return below === undefined ? own : [...instructionsOf(below), ...own];
};

test(
  'an image of the Dockerfile is set up like the one that is made without Docker',
  { skip: imagesMissing() },
  (t) => {
    const { path } = temporaryDirectory(t);
    buildImages(join(path, 'all.tar'), ['--image', 'platform', '--image', 'runner']);
    const { find } = openArchive(join(path, 'all.tar'), join(path, 'archive'));
    for (const target of ['platform', 'runner']) {
      const { config } = find(`docker.io/simfleet/${target}:test`);
      const instructions = instructionsOf(target);
      const last = (word: string): string => instructions.findLast(([instruction]) => instruction === word)?.[1] ?? '';
      assert.deepEqual(
        {
          ...{ User: last('USER'), WorkingDir: last('WORKDIR'), StopSignal: last('STOPSIGNAL') },
          Env: last('ENV').split(' '),
          Entrypoint: JSON.parse(last('ENTRYPOINT')) as unknown,
          Labels: Object.fromEntries(
            [...last('LABEL').matchAll(/(\S+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
          ),
        },
        config,
      );
      assert.equal(last('HEALTHCHECK'), 'NONE');
      assert.ok(instructions.some(([, words]) => words === `--from=trees /trees/${target} ./`));
    }
  },
);

test('the Dockerfile names the Node that the lock file names', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as {
    readonly devDependencies: { readonly node: string };
  };
  for (const file of ['Dockerfile', 'examples/container-service/Dockerfile'])
    for (const [, version] of read(file).matchAll(/node:(\d[\d.]*)/g))
      assert.equal(version, devDependencies.node, file);
});

test('a build gets every file of ours that is in an image, and no secret or leftover beside it', (t) => {
  const { path } = temporaryDirectory(t);
  const writeTree = fileURLToPath(new URL('../../hack/images/write-tree.ts', import.meta.url));
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const isMatch = (file: string, pattern: string): boolean =>
    pattern === '*' || matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`);
  /** The last line that fits decides. */
  const isSent = (file: string): boolean => {
    const line = lines.findLast((each) => isMatch(file, each.replace(/^!/, '')));
    return line?.startsWith('!') ?? true;
  };
  for (const name of ['platform', 'runner']) {
    const folder = join(path, name);
    execFileSync(process.execPath, ['--no-warnings', writeTree, '--image', name, '--out', folder], { stdio: 'pipe' });
    const files = execFileSync('find', ['.', '-type', 'f', '-not', '-path', './node_modules/*'], { cwd: folder });
    const ours = files
      .toString()
      .trim()
      .split('\n')
      .map((file) => file.slice(2));
    const notSent = ours.filter((file) => !file.includes('node_modules/') && !isSent(file));
    assert.deepEqual(notSent, []);
  }
  const never = [
    '.simfleet/admin-token',
    '.npmrc',
    '.env',
    '.git/config',
    'node_modules/zod/index.js',
    'charts/x.yaml',
  ];
  for (const file of [...never, 'packages/http/node_modules/x/index.js', 'services/jobs/test/a.test.ts'])
    assert.ok(!isSent(file), file);
  for (const file of ['package-lock.json', 'packages/cli/package.json', 'hack/images/trees.ts'])
    assert.ok(isSent(file), file);
});
