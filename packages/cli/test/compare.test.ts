import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulationJobManifest } from '@simfleet/contracts';
import { compareJob } from '../src/jobs/compare.ts';
import { suffixed } from '../src/jobs/run-job.ts';
import { aJob, aSpec } from './support/builders.ts';

type SpecInput = Parameters<typeof aSpec>[0];

const manifestOf = (spec: SpecInput, labels: Record<string, string> = {}) =>
  simulationJobManifest.parse({
    apiVersion: 'simfleet.dev/v1alpha1',
    kind: 'SimulationJob',
    metadata: { name: 'asian-call', labels },
    spec: aSpec(spec),
  });

const compare = (
  has: SpecInput,
  wants: SpecInput,
  labels: readonly [Record<string, string>, Record<string, string>] = [{}, {}],
) => {
  const job = aJob({ spec: aSpec(has), labels: labels[0] });
  const { patch, refused } = compareJob(job, manifestOf(wants, labels[1]), Object.keys(wants ?? {}), { type: 'call' });
  return { patch, refused: refused.map(({ path, detail }) => `${path.join('.')}: ${detail}`) };
};

const cases: readonly (readonly [string, SpecInput, SpecInput, ReturnType<typeof compare>])[] = [
  ['an unchanged manifest changes nothing', {}, {}, { patch: undefined, refused: [] }],
  [
    'a parameter that is written as its default is no change',
    {},
    { parameters: { spot: 100, strike: 100, type: 'call' } },
    { patch: undefined, refused: [] },
  ],
  [
    'another number of shards is a change',
    { shards: 2 },
    { shards: 7 },
    { patch: { spec: { shards: 7 } }, refused: [] },
  ],
  [
    'a tighter precision is asked for member by member',
    {},
    { precision: { metric: 'price', relativeError: '0.0001' } },
    { patch: { spec: { precision: { relativeError: '0.0001' } } }, refused: [] },
  ],
  [
    'a bound that the precision no longer has is taken out',
    { precision: { metric: 'price', relativeError: '0.001', absoluteError: '0.1' } },
    { precision: { metric: 'price', relativeError: '0.001' } },
    { patch: { spec: { precision: { absoluteError: null } } }, refused: [] },
  ],
  [
    'a limit that is left out is taken away',
    { activeDeadlineSeconds: 60 },
    {},
    { patch: { spec: { activeDeadlineSeconds: null } }, refused: [] },
  ],
  [
    'a bound on paths that is left out is refused',
    { maxPaths: '1000' },
    {},
    {
      patch: undefined,
      refused: ['spec.maxPaths: cannot change after creation: is "1000", the manifest says not set'],
    },
  ],
  ['a job that was suspended by hand stays so', { suspend: true }, {}, { patch: undefined, refused: [] }],
  [
    'a manifest that says so resumes it',
    { suspend: true },
    { suspend: false },
    { patch: { spec: { suspend: false } }, refused: [] },
  ],
  [
    'another seed and another parameter are refused by name',
    { seed: '1' },
    { seed: '2', parameters: { spot: 101, strike: 100 } },
    {
      patch: undefined,
      refused: [
        'spec.seed: cannot change after creation: is "1", the manifest says "2"',
        'spec.parameters.spot: cannot change after creation: is 100, the manifest says 101',
      ],
    },
  ],
  [
    'a version that the job does not have is refused',
    {},
    { serviceRef: { name: 'european-option', version: 2 } },
    {
      patch: undefined,
      refused: [
        'spec.serviceRef: cannot change after creation: is {"name":"european-option","version":1}, the manifest says {"name":"european-option","version":2}',
      ],
    },
  ],
];

for (const [name, has, wants, expected] of cases) test(name, () => assert.deepEqual(compare(has, wants), expected));

test('labels that are gone become null, others are set', () => {
  const { patch } = compare({}, {}, [
    { old: '1', same: '2' },
    { same: '2', fresh: '3' },
  ]);
  assert.deepEqual(patch, { labels: { old: null, fresh: '3' } });
});

test('a generated name keeps to 63 characters and to letters and digits', () => {
  assert.equal(
    suffixed('asian-call', () => 0),
    'asian-call-bbbbb',
  );
  const long = suffixed(`${'a'.repeat(56)}-${'b'.repeat(6)}`, () => 0.999);
  assert.equal(long, `${'a'.repeat(56)}-99999`);
});
