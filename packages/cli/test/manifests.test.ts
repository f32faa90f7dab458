import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import { loadManifests } from '../src/manifests/index.ts';
import { recordedTerminal } from './support/terminal.ts';

const load = (input: string | Uint8Array) => loadManifests(recordedTerminal({ input }), ['-']);

const fault = async (input: string | Uint8Array): Promise<SimfleetError> => {
  try {
    await load(input);
  } catch (error) {
    if (error instanceof SimfleetError) return error;
    throw error;
  }
  throw new Error('the manifest was taken');
};

const job = (spec: string): string => `apiVersion: simfleet.dev/v1alpha1
kind: SimulationJob
metadata: {name: asian-call}
spec:
  serviceRef: {name: asian-option}
${spec}`;

const good = job('  seed: "42"\n  precision: {metric: price, relativeError: "0.001"}\n');

const wrongSpecs: readonly (readonly [string, string, string])[] = [
  ['a seed without quotes', 'seed: 42', '6:3: spec.seed: must be a string: write "42"'],
  [
    'a 64-bit seed without quotes, all of its digits kept',
    'seed: 18446744073709551615',
    '6:3: spec.seed: must be a string: write "18446744073709551615"',
  ],
  [
    'a seed over 64 bits',
    'seed: "18446744073709551616"',
    '6:3: spec.seed: must fit in 64 bits: at most 18446744073709551615',
  ],
  ['a misspelt key', 'precison: {metric: price}', '6:3: spec.precison: unknown key; did you mean "precision"?'],
  [
    'a misspelt key deep down',
    'precision: {metric: price, relativeError: "0.1", confidnce: "0.9"}',
    '6:52: spec.precision.confidnce: unknown key; did you mean "confidence"?',
  ],
  ['an unknown key that is like no other', 'zzzzzz: 1', '6:3: spec.zzzzzz: unknown key'],
  [
    'a confidence of 1.5',
    'precision: {metric: p, relativeError: "0.1", confidence: "1.5"}',
    '6:48: spec.precision.confidence: must be at least 0.5 and below 1, such as "0.99"',
  ],
  [
    'a confidence without quotes',
    'precision: {metric: p, relativeError: "0.1", confidence: 0.99}',
    '6:48: spec.precision.confidence: must be a string: write "0.99"',
  ],
  ['no shards', 'shards: 0', '6:3: spec.shards: must be at least 1'],
  ['a billion shards', 'shards: 1000000000', '6:3: spec.shards: must be at most 1000'],
  ['half a shard', 'shards: 1.5', '6:3: spec.shards: must be a whole number, not 1.5'],
  ['shards in quotes', 'shards: "4"', '6:3: spec.shards: must be a number: write 4 without quotes'],
  ['not a number', 'parameters: {volatility: .nan}', '6:16: spec.parameters.volatility: must be a finite number'],
  ['infinity', 'parameters: {volatility: .inf}', '6:16: spec.parameters.volatility: must be a finite number'],
  ['a string for a switch', 'suspend: "yes"', '6:3: spec.suspend: must be true or false, not a string'],
  ['a list for a map', 'parameters: [1]', '6:3: spec.parameters: must be a map, not a list'],
  [
    'a threshold with two bounds',
    'thresholds: [{name: a, metric: p, below: "1", above: "2"}]',
    '6:16: spec.thresholds[0]: needs exactly one of below and above',
  ],
  [
    'a bound without quotes',
    'thresholds: [{name: a, metric: p, below: 5.50}]',
    '6:37: spec.thresholds[0].below: must be a string: write "5.50"',
  ],
  [
    'precision without a bound',
    'precision: {metric: price}',
    '6:3: spec.precision: needs relativeError, absoluteError or both',
  ],
];

for (const [name, spec, expected] of wrongSpecs)
  test(`a manifest with ${name} is refused with its place and path`, async () => {
    const error = await fault(job(`  ${spec}\n`));
    assert.equal(error.code, 'invalid-request');
    assert.equal(error.detail, `standard input:${expected}`);
  });

test('all mistakes of all documents are told at once, in the order of the file', async () => {
  const error = await fault(`${job('  shards: 0\n  sed: "1"\n')}---\nkind: SimulationJb\n`);
  assert.deepEqual(
    error.detail.split('\n').map((line) => line.replace(/^standard input:/, '')),
    [
      '6:3: spec.shards: must be at least 1',
      '7:3: spec.sed: unknown key; did you mean "seed"?',
      '9:1: kind: must be SimulationJob or SimulationService; did you mean "SimulationJob"?',
    ],
  );
});

const brokenFiles: readonly (readonly [string, string | Uint8Array, string, RegExp])[] = [
  ['broken YAML', 'a: [1, 2\nb: 3\n', 'malformed-body', /^standard input:2:1: broken YAML: /],
  ['a tab for indentation', 'a:\n\tb: 1\n', 'malformed-body', /^standard input:2:1: broken YAML: /],
  ['a key twice', 'a: 1\na: 2\n', 'malformed-body', /^standard input:2:1: broken YAML: Map keys must be unique/],
  ['lists in lists without end', '['.repeat(100_000), 'malformed-body', /^standard input: is nested too deeply$/],
  ['an alias of nothing', 'a: 1\nb: *zz\n', 'malformed-body', /^standard input:2:4: broken YAML: Unresolved alias/],
  [
    'bytes that are not UTF-8',
    Buffer.from([0x61, 0x3a, 0x0a, 0xff, 0xfe, 0x0a]),
    'malformed-body',
    /^standard input: is not UTF-8 \(line 2\)$/,
  ],
  [
    '10 MB',
    new Uint8Array(10_000_000).fill(0x61),
    'body-too-large',
    /^standard input: is larger than 1 MiB; a manifest holds at most 1 MiB$/,
  ],
  ['nothing', '', 'invalid-request', /^standard input: holds no manifest$/],
  ['empty documents alone', '---\n---\n', 'invalid-request', /^standard input: holds no manifest$/],
  [
    'a list',
    '- 1\n',
    'invalid-request',
    /^standard input:1:1: must be a map with apiVersion, kind, metadata and spec$/,
  ],
  [
    'no kind',
    'metadata: {name: a}\n',
    'invalid-request',
    /: kind: is missing: write one of SimulationJob, SimulationService/,
  ],
  [
    'a kind alone',
    'kind: SimulationJob\n',
    'invalid-request',
    /: apiVersion: must be "simfleet.dev\/v1alpha1"\n.*metadata: is missing\n.*spec: is missing$/,
  ],
];

for (const [name, input, code, detail] of brokenFiles)
  test(`a file with ${name} is refused with a clear error`, async () => {
    const error = await fault(input);
    assert.equal(error.code, code);
    assert.match(error.detail, detail);
  });

test('an alias bomb is refused instead of filling the memory', async () => {
  const layers = Array.from(
    { length: 12 },
    (_, layer) =>
      `l${layer}: &l${layer} [${Array(10)
        .fill(layer === 0 ? 1 : `*l${layer - 1}`)
        .join(', ')}]`,
  );
  const error = await fault(`${layers.join('\n')}\n`);
  assert.match(error.detail, /Excessive alias count/);
});

test('a manifest of several documents, of jobs and services, is taken in its order', async () => {
  const service = `apiVersion: simfleet.dev/v1alpha1\nkind: SimulationService\nmetadata: {name: my-option}\nspec: {engine: european-option}\n`;
  const manifests = await load(`\ufeff${service}---\n---\n${good}`);
  assert.deepEqual(
    manifests.map(({ kind, manifest }) => [kind, manifest.metadata.name]),
    [
      ['SimulationService', 'my-option'],
      ['SimulationJob', 'asian-call'],
    ],
  );
});

test('a manifest in JSON is taken', async () => {
  const [first] = await load(
    JSON.stringify({
      apiVersion: 'simfleet.dev/v1alpha1',
      kind: 'SimulationJob',
      metadata: { name: 'a' },
      spec: { serviceRef: { name: 'b' } },
    }),
  );
  assert.equal(first?.manifest.metadata.name, 'a');
});
