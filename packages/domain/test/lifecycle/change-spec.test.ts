import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobSpec } from '@simfleet/contracts';
import { changeSpec, extendSpec, refuseSteering } from '../../src/index.ts';
import type { SpecPatch } from '../../src/index.ts';
import { spec } from '../builders.ts';

const precision = { metric: 'price', relativeError: '0.01', absoluteError: '0.5', confidence: '0.99' };
const old = (): JobSpec => spec({ maxPaths: '1000', precision, activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 5 });
const { absoluteError: _, ...relativeOnly } = precision;

for (const [name, patch, widened, member] of [
  ['more shards', { shards: 7 }, false, { shards: 7 }],
  ['other thresholds', { thresholds: [] }, false, { thresholds: [] }],
  ['a later deadline', { activeDeadlineSeconds: 90 }, false, { activeDeadlineSeconds: 90 }],
  ['a deadline where none was', { maxTotalSeconds: 90 }, false, { maxTotalSeconds: 90 }],
  ['the same maxPaths', { maxPaths: '1000' }, false, {}],
  ['maxPaths raised', { maxPaths: '1001' }, true, { maxPaths: '1001' }],
  [
    'the same precision in other digits',
    { precision: { ...precision, relativeError: '1e-2', confidence: '0.990' } },
    false,
    {},
  ],
  ['relativeError lowered', { precision: { ...precision, relativeError: '0.009' } }, true, {}],
  [
    'absoluteError taken away, which loosened the target',
    { precision: relativeOnly },
    true,
    { precision: relativeOnly },
  ],
  ['nothing', {}, false, {}],
] satisfies readonly (readonly [string, SpecPatch, boolean, Partial<JobSpec>])[])
  test(`${name}: allowed, and ${widened ? 'wider' : 'no wider'}`, () => {
    const change = changeSpec(old(), patch);
    assert.equal(change.widened, widened);
    for (const [key, value] of Object.entries(member)) assert.deepEqual(change.spec[key as keyof JobSpec], value);
  });

test('null takes a deadline or the TTL away', () => {
  const { spec: next } = changeSpec(old(), {
    activeDeadlineSeconds: null,
    ttlSecondsAfterFinished: null,
    maxTotalSeconds: null,
  });
  assert.deepEqual(
    Object.keys(next).filter((key) => /Seconds/.test(key)),
    [],
  );
});

for (const [name, before, patch, pointers] of [
  ['maxPaths lowered', old(), { maxPaths: '999' }, ['/spec/maxPaths']],
  ['maxPaths set on an unbounded job', spec({ precision }), { maxPaths: '1' }, ['/spec/maxPaths']],
  [
    'relativeError raised',
    old(),
    { precision: { ...precision, relativeError: '0.011' } },
    ['/spec/precision/relativeError'],
  ],
  ['another metric', old(), { precision: { ...precision, metric: 'delta' } }, ['/spec/precision/metric']],
  ['another confidence', old(), { precision: { ...precision, confidence: '0.95' } }, ['/spec/precision/confidence']],
  ['a precision on a job without one', spec({ maxPaths: '9' }), { precision }, ['/spec/precision']],
  [
    'an absolute floor under a relative error, which would loosen the target',
    spec({ precision: relativeOnly }),
    { precision },
    ['/spec/precision/absoluteError'],
  ],
  [
    'several mistakes at once',
    old(),
    { maxPaths: '1', precision: { ...precision, metric: 'x', relativeError: '1' } },
    ['/spec/maxPaths', '/spec/precision/metric', '/spec/precision/relativeError'],
  ],
] satisfies readonly (readonly [string, JobSpec, SpecPatch, readonly string[]])[])
  test(`${name}: refused, each mistake by its pointer, and nothing is changed`, () => {
    const copy = structuredClone(before);
    assert.throws(
      () => changeSpec(before, patch),
      (error: { code: string; mistakes: readonly { pointer: string }[] }) => {
        assert.equal(error.code, 'immutable');
        assert.deepEqual(
          error.mistakes.map(({ pointer }) => pointer),
          pointers,
        );
        return true;
      },
    );
    assert.deepEqual(before, copy);
  });

test('extend tightens one error and leaves metric, confidence and the other as they are', () => {
  const { spec: next, widened } = extendSpec(old(), { relativeError: '0.005', maxPaths: '5000' });
  assert.deepEqual([next.precision, next.maxPaths, widened], [{ ...precision, relativeError: '0.005' }, '5000', true]);
});

test('extend to bounds that a job already has changes nothing', () => {
  assert.deepEqual(extendSpec(old(), { maxPaths: '1000' }), { spec: old(), widened: false });
});

test('extend names its mistakes by the members of its own body', () => {
  const mistakes = (before: JobSpec, body: Parameters<typeof extendSpec>[1]): readonly string[] => {
    try {
      extendSpec(before, body);
      return [];
    } catch (error) {
      return (error as { mistakes: readonly { pointer: string }[] }).mistakes.map(({ pointer }) => pointer);
    }
  };
  assert.deepEqual(mistakes(old(), { relativeError: '0.5', maxPaths: '1' }), ['/maxPaths', '/relativeError']);
  assert.deepEqual(mistakes(spec({ maxPaths: '5' }), { absoluteError: '1' }), ['/absoluteError']);
  assert.deepEqual(mistakes(spec({ precision }), { maxPaths: '1' }), ['/maxPaths']);
});

test('a job that is over takes its TTL and extensions, and refuses the rest by pointer', () => {
  assert.doesNotThrow(() => refuseSteering({ ttlSecondsAfterFinished: 1, maxPaths: '5', precision }));
  assert.throws(() => refuseSteering({ shards: 2, suspend: true }), {
    code: 'job-over',
    mistakes: [
      { pointer: '/spec/shards', detail: 'cannot change: the job is over' },
      { pointer: '/spec/suspend', detail: 'cannot change: the job is over' },
    ],
  });
});
