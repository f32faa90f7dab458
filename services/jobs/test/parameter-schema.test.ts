import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInEngines } from '@simfleet/simulation/engines';
import { compileSchema } from '../src/services/parameter-schema.ts';

const mistakesOf = (schema: Record<string, unknown> | boolean) => {
  const compiled = compileSchema(schema);
  return 'mistakes' in compiled ? compiled.mistakes : [];
};

const checked = (schema: Record<string, unknown>, parameters: Record<string, unknown>) => {
  const compiled = compileSchema(schema);
  if ('mistakes' in compiled) throw new Error(JSON.stringify(compiled.mistakes));
  return compiled.check(parameters);
};

const doubling = (levels: number): Record<string, unknown> => ({
  $ref: '#/$defs/s0',
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `s${level}`,
      level === levels - 1
        ? { type: 'object' }
        : { allOf: [{ $ref: `#/$defs/s${level + 1}` }, { $ref: `#/$defs/s${level + 1}` }] },
    ]),
  ),
});

const refused: readonly [string, Record<string, unknown>, string, RegExp][] = [
  ['an unknown type', { type: 'nubmer' }, '', /does not compile/],
  ['a misspelt keyword', { porperties: {} }, '', /does not compile/],
  ['a keyword of a wrong type', { required: 'spot' }, '', /does not compile/],
  [
    'a reference to another document',
    { properties: { spot: { $ref: 'https://example.org/schema.json' } } },
    '/properties/spot/$ref',
    /local/,
  ],
  ['a reference to a file', { $ref: 'file:///etc/passwd' }, '/$ref', /local/],
  ['a reference to nothing', { $ref: '#/$defs/missing' }, '/$ref', /nothing/],
  [
    'a schema that refers to itself',
    { $defs: { a: { items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' },
    '',
    /itself/,
  ],
  ['references that double at each step', doubling(25), '', /too large/],
  ['another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema', /2020-12/],
  ['a schema to be checked asynchronously', { $async: true, required: ['spot'] }, '/$async', /not supported/],
  ['an id of its own', { $id: 'https://example.org/x' }, '/$id', /not supported/],
  [
    'a pattern with look-around',
    { properties: { type: { type: 'string', pattern: '(?=a)b' } } },
    '',
    /does not compile/,
  ],
  ['100 kB', { description: 'x'.repeat(100_000) }, '', /at most/],
  [
    'a hundred levels',
    Array.from({ length: 100 }).reduce<Record<string, unknown>>((inner) => ({ not: inner }), {}),
    '',
    /deep/,
  ],
];

for (const [what, schema, pointer, detail] of refused) {
  test(`a schema with ${what} is refused`, () => {
    const [first] = mistakesOf(schema);
    assert.match(first?.detail ?? 'accepted', detail);
    if (pointer !== '') assert.equal(first?.pointer, pointer);
  });
}

test('a pattern that would hang a backtracking matcher does not', () => {
  const schema = { properties: { type: { type: 'string', pattern: '^(a+)+$' } } };
  const startedAt = performance.now();
  assert.equal(checked(schema, { type: `${'a'.repeat(5000)}!` }).length, 1);
  assert.ok(performance.now() - startedAt < 5_000);
});

test('two patterns of one schema do not stand in for each other', () => {
  const schema = { properties: { a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } } };
  assert.deepEqual(checked(schema, { a: 'a', b: 'b' }), []);
  assert.equal(checked(schema, { a: 'b', b: 'a' }).length, 2);
});

test('every mistake of the parameters is named', () => {
  const option = builtInEngines().find(({ name }) => name === 'european-option');
  const mistakes = checked(option?.parameters ?? {}, {
    spot: 100,
    strike: 'x',
    rate: 0,
    volatility: -0.2,
    maturty: 1,
    type: 'cal',
  });
  const told = Object.fromEntries(mistakes.map(({ pointer, detail }) => [pointer, detail]));
  assert.deepEqual(Object.keys(told).sort(), ['/maturity', '/maturty', '/strike', '/type', '/volatility']);
  assert.match(told['/maturty'] ?? '', /did you mean "maturity"/);
  assert.match(told['/maturity'] ?? '', /missing/);
  assert.match(told['/type'] ?? '', /"call", "put"/);
});

test('a failed choice is told once', () => {
  const sieve = builtInEngines().find(({ name }) => name === 'prime-sieve');
  assert.equal(checked(sieve?.parameters ?? {}, {}).length, 1);
  assert.equal(checked(sieve?.parameters ?? {}, { limit: 10, index: 1 }).length, 1);
});

test('the schemas of the built-in engines compile', () => {
  for (const { parameters } of builtInEngines()) assert.deepEqual(mistakesOf(parameters), []);
});
