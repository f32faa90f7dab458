import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobSpec } from '../src/index.ts';

const valid = { serviceRef: { name: 'asian-option' }, maxPaths: '1000000' };

const refused: readonly [title: string, change: Record<string, unknown>, pointer: string][] = [
  ['an unknown key', { maxPath: '5' }, ''],
  ['shards 0', { shards: 0 }, 'shards'],
  ['shards 1e9', { shards: 1e9 }, 'shards'],
  ['shards as text', { shards: '4' }, 'shards'],
  ['half a shard', { shards: 1.5 }, 'shards'],
  ['a seed over 64 bits', { seed: '18446744073709551616' }, 'seed'],
  ['a seed as a number', { seed: 42 }, 'seed'],
  ['a negative seed', { seed: '-1' }, 'seed'],
  [
    'confidence 1.5',
    { precision: { metric: 'price', relativeError: '0.1', confidence: '1.5' } },
    'precision.confidence',
  ],
  ['confidence 1', { precision: { metric: 'price', relativeError: '0.1', confidence: '1' } }, 'precision.confidence'],
  ['precision without a target', { precision: { metric: 'price' } }, 'precision'],
  ['a target of 0', { precision: { metric: 'price', absoluteError: '0' } }, 'precision.absoluteError'],
  [
    'a target that is not a number',
    { precision: { metric: 'price', absoluteError: 'NaN' } },
    'precision.absoluteError',
  ],
  ['a target as a float', { precision: { metric: 'price', absoluteError: 0.1 } }, 'precision.absoluteError'],
  ['no paths', { maxPaths: '0' }, 'maxPaths'],
  ['more paths than can be counted', { maxPaths: '9007199254740992' }, 'maxPaths'],
  [
    'a threshold with both bounds',
    { thresholds: [{ name: 'a', metric: 'price', below: '1', above: '2' }] },
    'thresholds.0',
  ],
  ['a threshold with no bound', { thresholds: [{ name: 'a', metric: 'price' }] }, 'thresholds.0'],
  [
    'two thresholds of one name',
    {
      thresholds: [
        { name: 'a', metric: 'p', below: '1' },
        { name: 'a', metric: 'p', above: '2' },
      ],
    },
    'thresholds',
  ],
  ['a service name in capitals', { serviceRef: { name: 'Asian' } }, 'serviceRef.name'],
  ['a deadline of 0 seconds', { activeDeadlineSeconds: 0 }, 'activeDeadlineSeconds'],
  ['an uncancelled job', { cancelled: 'no' }, 'cancelled'],
];

for (const [title, change, pointer] of refused) {
  test(`a job spec with ${title} is refused at ${pointer || 'its root'}`, () => {
    const { success, error } = jobSpec.safeParse({ ...valid, ...change });
    assert.equal(success, false);
    assert.ok(
      error?.issues.some((issue) => issue.path.join('.') === pointer),
      JSON.stringify(error?.issues),
    );
  });
}

test('a minimal job spec is completed with its defaults', () => {
  assert.deepEqual(jobSpec.parse(valid), {
    serviceRef: { name: 'asian-option' },
    parameters: {},
    seed: '0',
    maxPaths: '1000000',
    shards: 1,
    thresholds: [],
    suspend: false,
    cancelled: false,
    backoffLimitPerIndex: 6,
  });
});

test('the largest seed and bound are accepted', () => {
  assert.ok(
    jobSpec.safeParse({ ...valid, seed: '18446744073709551615', maxPaths: '9007199254740991', shards: 1000 }).success,
  );
});
