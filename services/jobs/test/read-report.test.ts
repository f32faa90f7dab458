import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, report } from '@simfleet/contracts';
import fc from 'fast-check';
import { readReport } from '../src/reports/read-report.ts';

const moments = fc.record(
  {
    mean: fc.double({ noNaN: true, noDefaultInfinity: true }),
    m2: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    nonZero: fc.nat(),
    control: fc.record({
      mean: fc.double({ noNaN: true, noDefaultInfinity: true }),
      m2: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      cross: fc.double({ noNaN: true, noDefaultInfinity: true }),
    }),
  },
  { requiredKeys: ['mean', 'm2', 'nonZero'] },
);
const result = fc.oneof(
  fc.record({
    kind: fc.constant('moments'),
    paths: fc.integer({ min: 1 }),
    metrics: fc.dictionary(fc.constantFrom('price', 'delta', 'x'), moments),
  }),
  fc.record({ kind: fc.constant('counts'), counts: fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 5 }) }),
);
const sound = fc.record(
  {
    shard: fc.nat(999),
    attempt: fc.nat(),
    describe: fc.boolean(),
    release: fc.boolean(),
    done: fc.array(fc.record({ block: fc.nat(), result }), { maxLength: 4 }),
  },
  { requiredKeys: ['shard', 'attempt'] },
);

/** As it comes over the wire. */
const overTheWire = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** Replaces or adds one member somewhere below. */
const spoil = (value: unknown, path: readonly number[], by: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return by;
  const keys = [...Object.keys(value), 'added'];
  const [at = 0, ...rest] = path;
  const key = keys[at % keys.length] ?? 'added';
  const members = value as Record<string, unknown>;
  const child = rest.length === 0 ? by : spoil(members[key], rest, by);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? child : item));
  return { ...members, [key]: child };
};

const stranger = fc.constantFrom(
  null,
  '',
  'x',
  -1,
  0,
  1.5,
  2 ** 53,
  Infinity,
  NaN,
  true,
  [],
  {},
  [1],
  'counts',
  'moments',
);

const outcome = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return 'refused';
  }
};

test('the hand-written reader and the schema of contracts accept the same reports', () => {
  fc.assert(
    fc.property(sound.map(overTheWire), (body) => assert.deepEqual(readReport(body), report.parse(body))),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(
      sound.map(overTheWire),
      fc.array(fc.nat(6), { minLength: 1, maxLength: 7 }),
      stranger,
      (body, path, by) => {
        const spoilt = spoil(body, path, by);
        assert.deepEqual(
          outcome(() => readReport(spoilt)),
          outcome(() => report.parse(spoilt)),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

const price = { mean: 1, m2: 1, nonZero: 1, control: { mean: 1, m2: 1, cross: 1 } };
const withResult = (result: unknown): unknown => ({ shard: 0, attempt: 0, done: [{ block: 0, result }] });
const withPrice = (change: object): unknown =>
  withResult({ kind: 'moments', paths: 1, metrics: { price: { ...price, ...change } } });

/** One step outside the shape each. */
const nearMisses: readonly unknown[] = [
  { shard: 1000, attempt: 0 },
  { shard: 0, attempt: -1 },
  { shard: 0, attempt: 0, describe: 1 },
  { shard: 0, attempt: 0, more: 1 },
  {
    shard: 0,
    attempt: 0,
    done: Array.from({ length: 10_001 }, () => ({ block: 0, result: { kind: 'counts', counts: [0] } })),
  },
  { shard: 0, attempt: 0, done: [{ block: 0, result: { kind: 'counts', counts: [0] }, more: 1 }] },
  { shard: 0, attempt: 0, done: [{ block: 2 ** 53, result: { kind: 'counts', counts: [0] } }] },
  withResult({ kind: 'counts', counts: [] }),
  withResult({ kind: 'counts', counts: [2 ** 20 + 1] }),
  withResult({ kind: 'counts', counts: [0], paths: 1 }),
  withResult({ kind: 'counts', counts: Array.from({ length: 4097 }, () => 0) }),
  withResult({ kind: 'moments', paths: 0, metrics: { price } }),
  withResult({ kind: 'moments', paths: 1, metrics: { 'no name': price } }),
  withResult({ kind: 'moments', paths: 1, metrics: [] }),
  withResult({ kind: 'moments', paths: 1, metrics: { price }, counts: [1] }),
  withPrice({ m2: -1 }),
  withPrice({ mean: null }),
  withPrice({ nonZero: 0.5 }),
  withPrice({ more: 1 }),
  withPrice({ control: null }),
  withPrice({ control: { mean: 1, m2: 1, cross: 1, more: 1 } }),
  withPrice({ control: { mean: 1, m2: -1, cross: 1 } }),
];

test('both refuse what is one step outside the shape', () => {
  assert.deepEqual(readReport(withPrice({})), report.parse(withPrice({})));
  for (const body of nearMisses) {
    assert.throws(() => readReport(body), JSON.stringify(body).slice(0, 200));
    assert.equal(report.safeParse(body).success, false, JSON.stringify(body).slice(0, 200));
  }
});

test('each mistake of a report is named by pointer', () => {
  assert.throws(
    () =>
      readReport({ shard: 0, attempt: 1, done: [{ block: 0, result: { kind: 'counts', counts: [] } }, { block: -1 }] }),
    (error) => {
      assert.equal(errorCode(error), 'invalid-request');
      const { mistakes } = error as { mistakes: { pointer: string }[] };
      const pointers = mistakes.map(({ pointer }) => pointer);
      assert.ok(pointers.includes('/done/0/result/counts'), pointers.join());
      assert.ok(pointers.includes('/done/1/block'), pointers.join());
      return true;
    },
  );
});
