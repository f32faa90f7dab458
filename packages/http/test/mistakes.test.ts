import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { mistakesOf } from '../src/index.ts';

const sampling = z.strictObject({ kind: z.literal('sampling'), confidence: z.number() });
const exact = z.strictObject({ kind: z.literal('exact'), limit: z.int() });
const shape = z.strictObject({
  name: z.string(),
  spec: z.strictObject({
    seed: z.string().optional(),
    shards: z.int().min(1).default(1),
    precision: z.strictObject({ confidence: z.string(), metric: z.string() }).optional(),
    'odd/na~me': z.number().optional(),
    bounds: z.array(z.strictObject({ below: z.number() })).default([]),
    labels: z.record(z.string().max(3), z.string()).default({}),
    engine: z.union([sampling, exact]).optional(),
    limits: z
      .union([z.string(), z.strictObject({ paths: z.strictObject({ low: z.int(), high: z.int() }) })])
      .optional(),
    engineOf: z.discriminatedUnion('kind', [sampling, exact]).optional(),
  }),
});

const good = { name: 'a', spec: {} };
const cases = [
  { name: 'a member that is missing', body: { spec: {} }, expected: ['/name is required'] },
  { name: 'a wrong type', body: { name: 1, spec: {} }, expected: ['/name must be a string, not number'] },
  { name: 'a whole that is a list', body: [], expected: [' must be an object, not array'] },
  {
    name: 'unknown members, each with the nearest name',
    body: { ...good, sped: 1, spec: { shard: 3, zzz: 0 } },
    expected: [
      '/spec/shard is not known here; did you mean "shards"?',
      '/spec/zzz is not known here',
      '/sped is not known here; did you mean "spec"?',
    ],
  },
  {
    name: 'an unknown member below optional',
    body: { name: 'a', spec: { precision: { metric: 'price', confidence: '0.9', confidance: '0.99' } } },
    expected: ['/spec/precision/confidance is not known here; did you mean "confidence"?'],
  },
  {
    name: 'an unknown member below a list',
    body: { name: 'a', spec: { bounds: [{ below: 1 }, { below: 1, beolw: 2 }] } },
    expected: ['/spec/bounds/1/beolw is not known here; did you mean "below"?'],
  },
  {
    name: 'a name that needs escaping',
    body: { name: 'a', spec: { 'odd/na~me': 'x' } },
    expected: ['/spec/odd~1na~0me must be a number, not string'],
  },
  {
    name: 'a key of a map',
    body: { name: 'a', spec: { labels: { toolong: 'x' } } },
    expected: ['/spec/labels/toolong as a name Too big: expected string to have <=3 characters'],
  },
  {
    name: 'a union, by the branch that was meant',
    body: { name: 'a', spec: { engine: { kind: 'exact', limit: 'x' } } },
    expected: ['/spec/engine/limit must be a number, not string'],
  },
  {
    name: 'a union, by the branch that got furthest although it has more mistakes',
    body: { name: 'a', spec: { limits: { paths: { low: 'x', high: 'y' } } } },
    expected: [
      '/spec/limits/paths/high must be a number, not string',
      '/spec/limits/paths/low must be a number, not string',
    ],
  },
  {
    name: 'a discriminated union with an unknown member',
    body: { name: 'a', spec: { engineOf: { kind: 'exact', limit: 1, limt: 2 } } },
    expected: ['/spec/engineOf/limt is not known here; did you mean "limit"?'],
  },
];
for (const { name, body, expected } of cases) {
  test(`${name}`, () => {
    const result = shape.safeParse(body);
    assert.equal(result.success, false);
    const mistakes = mistakesOf('body', shape, result.error?.issues ?? []);
    assert.deepEqual(mistakes.map(({ pointer, detail }) => `${pointer} ${detail}`).toSorted(), expected.toSorted());
  });
}

const parts = [
  ['query', 'limit', '#query/limit'],
  ['header', 'if-match', '#header/If-Match'],
  ['path', 'id', '#path/id'],
] as const;
for (const [part, name, pointer] of parts) {
  test(`a mistake in the ${part} is named ${pointer}`, () => {
    const one = z.object({ [name]: z.string() });
    assert.equal(mistakesOf(part, one, one.safeParse({}).error?.issues ?? [])[0]?.pointer, pointer);
  });
}
