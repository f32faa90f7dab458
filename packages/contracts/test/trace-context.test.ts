import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceContext, traceParts } from '../src/index.ts';

const [traceId, parentId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const good = `00-${traceId}-${parentId}-01`;

test('a well-formed traceparent is taken apart', () => {
  assert.deepEqual(traceContext(good), { traceparent: good });
  assert.deepEqual(traceParts({ traceparent: good }), { traceId, parentId, isSampled: true });
  for (const [flags, isSampled] of [
    ['00', false],
    ['01', true],
    ['02', false],
    ['ff', true],
  ] as const)
    assert.equal(traceParts({ traceparent: `00-${traceId}-${parentId}-${flags}` }).isSampled, isSampled, flags);
});

test('a later version is read as far as it is known', () => {
  for (const later of [`01-${traceId}-${parentId}-01`, `cc-${traceId}-${parentId}-01-what-will-be`])
    assert.deepEqual(traceContext(later), { traceparent: later });
});

const bad: readonly unknown[] = [
  undefined,
  null,
  7,
  [good],
  '',
  'nonsense',
  ` ${good}`,
  `${good} `,
  `${good}\n`,
  good.toUpperCase(),
  `${good}-more`,
  `${good}, ${good}`,
  `ff-${traceId}-${parentId}-01`,
  `01-${traceId}-${parentId}-01more`,
  `0-${traceId}-${parentId}-01`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.slice(1)}-${parentId}-01`,
  `00-${traceId}-${parentId}`,
  `00-${traceId}-${parentId}-1`,
  `00_${traceId}_${parentId}_01`,
  `00-${traceId}-${parentId}-0g`,
];
for (const traceparent of bad) {
  test(`no traceparent: ${JSON.stringify(traceparent)}`, () => {
    assert.equal(traceContext(traceparent, 'vendor=1'), undefined);
  });
}

test('a tracestate goes along as it came, a malformed one is left out', () => {
  const passed = ['vendor=1', 'rojo=00f067aa0ba902b7, congo=t61rcWkgMzE', 'tenant@system=a b', 'a=1,,b=2', '0=x'];
  for (const tracestate of passed)
    assert.deepEqual(traceContext(good, tracestate), { traceparent: good, tracestate }, tracestate);
  const tooMany = Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',');
  for (const tracestate of [
    '',
    'novalue',
    'Upper=1',
    'a=1=2',
    'a=\n',
    'a=1\r\nX-Forged: 1',
    'a=ü',
    'a=',
    `a=${'1'.repeat(511)}`,
    tooMany,
    7,
  ])
    assert.deepEqual(traceContext(good, tracestate), { traceparent: good }, String(tracestate));
});
