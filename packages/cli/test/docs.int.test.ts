import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { jobSpec, precision, serviceSpec, threshold } from '@simfleet/contracts';
import { exitCodes } from '../src/exit-codes.ts';
import { loadManifests } from '../src/manifests/index.ts';
import { createProgram } from '../src/program.ts';
import { recordedTerminal } from './support/terminal.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('the README lists exactly the exit codes there are', () => {
  const documented = [...read('packages/cli/README.md').matchAll(/^\| +(\d+) \| (.*?) +\|$/gm)];
  assert.deepEqual(
    documented.map(([, code, meaning]) => ({ code: Number(code), meaning })),
    Object.values(exitCodes),
  );
});

test('the guide to manifests lists exactly the fields there are', () => {
  const [, jobs = '', services = ''] = read('docs/guides/manifests.md').split(/^## /m);
  const fields = (text: string): readonly string[] =>
    [...text.matchAll(/^\| `(spec\.[^`]*)`/gm)].map(([, field]) => field ?? '').sort();
  const below: Readonly<Record<string, readonly string[]>> = {
    serviceRef: ['.name', '.version'],
    precision: Object.keys(precision.shape).map((key) => `.${key}`),
    thresholds: Object.keys(threshold.shape).map((key) => `[].${key}`),
  };
  const expected = Object.keys(jobSpec.shape).flatMap((key) =>
    (below[key] ?? ['']).map((rest) => `spec.${key}${rest}`),
  );
  assert.deepEqual(fields(jobs), expected.sort());
  assert.deepEqual(
    fields(services),
    Object.keys(serviceSpec.shape)
      .map((key) => `spec.${key}`)
      .sort(),
  );
});

test('every example, and every manifest in the guides, is one that the command takes', async () => {
  const examples = readdirSync(new URL('../../../examples/', import.meta.url)).filter((file) => file.endsWith('.yaml'));
  assert.ok(examples.length >= 4);
  const inGuides = ['getting-started', 'manifests'].flatMap((guide) =>
    [...read(`docs/guides/${guide}.md`).matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text]) => text ?? ''),
  );
  assert.equal(inGuides.length, 3);
  for (const input of [...examples.map((file) => read(`examples/${file}`)), ...inGuides])
    assert.equal((await loadManifests(recordedTerminal({ input }), ['-'])).length, 1);
  for (const file of examples) assert.ok(read('examples/README.md').includes(`(${file})`), `${file} is listed`);
});

test('every command that the guides show exists', () => {
  const { commands } = createProgram({
    terminal: recordedTerminal(),
    session: () => assert.fail('nothing is asked for'),
    end: () => undefined,
  });
  const known = commands.map((command) => command.name());
  for (const path of [
    'docs/guides/getting-started.md',
    'docs/guides/manifests.md',
    'examples/README.md',
    'packages/cli/README.md',
  ])
    for (const [, name = ''] of read(path).matchAll(/(?:npx |`)simfleet ([a-z]+)/g))
      assert.ok(known.includes(name), `${path}: ${name}`);
});
