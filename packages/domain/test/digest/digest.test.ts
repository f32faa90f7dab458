import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, digestText, hexFloat, resultDigest } from '../../src/index.ts';
import type { DigestInput } from '../../src/index.ts';
import { block, exactRules, runBlocks, samplingRules } from '../builders.ts';

const rules = samplingRules({
  plan: { blockSize: 4, blocks: null, units: null },
  maxPaths: 10,
  controlMeans: { price: 1 },
});
const results = [
  block([0, 1, 2.5, 0.1], [1, 2, 3, 4]),
  block([0, 0, 7, 0.3], [4, 3, 8, 1]),
  block([1e-3, 1e3], [2, 6]),
];
const input: DigestInput = {
  engine: 'asian-option',
  engineVersion: '1.0.0',
  kernelHash: 'ab'.repeat(32),
  parameters: { spot: 100, rate: 0.05, type: 'call' },
  seed: '18446744073709551615',
  blockSize: 4,
  folded: runBlocks(rules, (index) => results[index] ?? block([])).folded,
};

for (const [value, text] of [
  [0, '0x0p+0'],
  [-0, '0x0p+0'],
  [1, '0x1p+0'],
  [3, '0x1.8p+1'],
  [-0.125, '-0x1p-3'],
  [0.1, '0x1.999999999999ap-4'],
  [Math.PI, '0x1.921fb54442d18p+1'],
  [Number.MAX_VALUE, '0x1.fffffffffffffp+1023'],
  [2.2250738585072014e-308, '0x1p-1022'],
  [1e-310, '0x0.012688b70e62bp-1022'],
  [5e-324, '0x0.0000000000001p-1022'],
] as const)
  test(`${String(value)} is written ${text}, as printf("%a") of glibc does`, () => {
    assert.equal(hexFloat(value), text);
  });

test('a hexadecimal float can be read back without loss', () => {
  const read = (text: string): number => {
    const [, sign, lead, fraction, exponent] = /^(-?)0x([01])(?:\.([0-9a-f]+))?p([+-]\d+)$/.exec(text) ?? [];
    assert.ok(lead !== undefined && exponent !== undefined);
    const digits = BigInt(`0x${lead}${(fraction ?? '').padEnd(13, '0')}`);
    // Two exact steps: 2^(e−52) itself may be below the smallest double.
    const value =
      Number(digits) * 2 ** -52 * 2 ** Math.max(-1000, Number(exponent)) * 2 ** Math.min(0, Number(exponent) + 1000);
    return sign === '-' ? -value : value;
  };
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => read(hexFloat(x)) === x + 0));
});

test('what is not finite has no hexadecimal form', () => {
  for (const value of [NaN, Infinity, -Infinity]) assert.throws(() => hexFloat(value), { code: 'internal' });
});

// Both digests were computed by an independent program (Python, json and hashlib) from the documented members.
test('the digest of a known result is what it has always been', () => {
  assert.equal(resultDigest(input), 'e23e162bc85911da6be3d42b187d4a271ccea94fe00b2de6b4aba09ff18a7667');
  const exact = runBlocks(exactRules(2 ** 23, 5), () => ({ kind: 'counts', counts: [3, 3, 3, 3] })).folded;
  const parameters = { index: 5 };
  assert.equal(
    resultDigest({ ...input, engine: 'prime-sieve', parameters, blockSize: 2 ** 22, folded: exact }),
    'd101d9f4525a9b02c7c23b0574c873faed5fe2b92be3aaf67478ae74804b884e',
  );
});

test('the digest is SHA-256 over a text whose members are documented', () => {
  const text = digestText(input);
  assert.equal(createHash('sha256').update(text, 'utf8').digest('hex'), resultDigest(input));
  const document = JSON.parse(text) as { folded: { metrics: { price: Record<string, unknown> } } };
  assert.deepEqual(Object.keys(document), [
    'blockSize',
    'engine',
    'engineVersion',
    'folded',
    'kernelHash',
    'parameters',
    'seed',
  ]);
  assert.deepEqual(Object.keys(document.folded), ['blocks', 'kind', 'metrics', 'paths']);
  assert.deepEqual(Object.keys(document.folded.metrics.price), ['control', 'm2', 'mean', 'nonZero', 'spread']);
});

test('every member of the input changes the digest, the order of parameters does not', () => {
  const original = resultDigest(input);
  const others: readonly Partial<DigestInput>[] = [
    { engine: 'x' },
    { engineVersion: '2' },
    { kernelHash: '00' },
    { parameters: { ...input.parameters, spot: 100.00000000000001 } },
    { seed: '18446744073709551614' },
    { blockSize: 5 },
    { folded: { ...input.folded, blocks: 2 } },
  ];
  for (const other of others) assert.notEqual(resultDigest({ ...input, ...other }), original, JSON.stringify(other));
  assert.equal(resultDigest({ ...input, parameters: { type: 'call', rate: 0.05, spot: 100 } }), original);
});

test('one bit of one moment changes the digest', () => {
  const { folded } = input;
  assert.ok(folded.kind === 'moments' && folded.metrics.price !== undefined);
  const { price } = folded.metrics;
  const changed = { ...folded, metrics: { price: { ...price, m2: price.m2 + Number.EPSILON * price.m2 } } };
  assert.notEqual(resultDigest({ ...input, folded: changed }), resultDigest(input));
});

test('canonical JSON sorts members by UTF-16 units, writes numbers as ECMAScript does, and refuses what JSON lacks', () => {
  // The example of RFC 8785 §3.2.3, and of §3.2.2.3 for numbers.
  const members = { '€': 1, '\r': 2, דּ: 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
  assert.equal(canonicalJson(members), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  assert.equal(canonicalJson([333333333.33333329, 1e30, 4.5, 2e-3, -0]), '[333333333.3333333,1e+30,4.5,0.002,0]');
  for (const value of [NaN, Infinity, '\ud800', undefined])
    assert.throws(() => canonicalJson(value), { code: 'invalid-request' }, String(value));
});
