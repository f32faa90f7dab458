import fc from 'fast-check';
import type { Filter } from '../collection.ts';
import { sorts, type Note } from './samples.ts';

/** Characters on both sides of every border that orders disagree on: control characters, ASCII, Latin, U+D7FF, private use, U+FFFF, beyond the basic plane. */
const character = fc.constantFrom(
  '\u0001',
  'A',
  'a',
  'b',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '😀',
  '\u{10ffff}',
);
const text = fc.string({ unit: character, maxLength: 3 });

const serial = fc.constantFrom(
  '-9223372036854775808',
  '-10',
  '-9',
  '0',
  '2',
  '10',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551614',
  '18446744073709551615',
);
const weight = fc.constantFrom(-1e300, -2, -0, 0, 0.1, 1, 2, 10, 9007199254740991, 1e300);
const time = fc.constantFrom(
  '1969-12-31T23:59:59.999Z',
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.001Z',
  '2026-01-01T00:00:00.002Z',
  '2026-01-01T01:00:00.001+01:00',
  '2026-01-01T00:00:01.000Z',
  '2100-12-31T23:59:59.999Z',
);

const sometimes = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { freq: 4 });

export const anyNote: fc.Arbitrary<Note> = fc.record({
  customer: fc.constantFrom('acme', 'zeta'),
  title: sometimes(text),
  weight: sometimes(weight),
  serial: sometimes(serial),
  at: sometimes(time),
  done: sometimes(fc.boolean()),
  labels: fc.dictionary(fc.constantFrom('tier', 'team', 'a.b/c"'), fc.constantFrom('x', 'y', ''), { maxKeys: 2 }),
  more: fc.record({ inner: sometimes(text) }),
});

/** Notes by id. */
export const anyNotes = fc
  .uniqueArray(
    fc.tuple(
      text.filter((id) => id !== ''),
      anyNote,
    ),
    { selector: ([id]) => id, maxLength: 24 },
  )
  .map((entries) => new Map(entries));

export const anySort = fc.record({
  field: fc.constantFrom(...sorts),
  direction: fc.constantFrom('ascending' as const, 'descending' as const),
});

const bounds = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<{ from?: Value; to?: Value }> =>
  fc.record({ from: value, to: value }, { requiredKeys: [] });

const simple: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ op: fc.constant('eq' as const), field: fc.constant('title'), value: sometimes(text) }),
  fc.record({ op: fc.constant('eq' as const), field: fc.constant('done'), value: sometimes(fc.boolean()) }),
  fc.record({ op: fc.constant('eq' as const), field: fc.constant('at'), value: time }),
  fc.record({
    op: fc.constant('in' as const),
    field: fc.constant('serial'),
    values: fc.array(sometimes(serial), { maxLength: 4 }),
  }),
  fc.record({
    op: fc.constant('in' as const),
    field: fc.constant('weight'),
    values: fc.array(sometimes(weight), { maxLength: 4 }),
  }),
  fc
    .tuple(fc.constantFrom('title', 'inner'), bounds(text))
    .map(([field, range]) => ({ op: 'range', field, ...range }) as const),
  bounds(weight).map((range) => ({ op: 'range', field: 'weight', ...range }) as const),
  bounds(serial).map((range) => ({ op: 'range', field: 'serial', ...range }) as const),
  bounds(time).map((range) => ({ op: 'range', field: 'at', ...range }) as const),
  fc.record({ op: fc.constant('prefix' as const), field: fc.constantFrom('title', 'inner'), prefix: text }),
  fc.record({
    op: fc.constant('label' as const),
    key: fc.constantFrom('tier', 'a.b/c"'),
    value: fc.constantFrom('x', ''),
  }),
);

export const anyFilter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 3, arbitrary: simple },
  { weight: 1, arbitrary: fc.array(simple, { maxLength: 3 }).map((all) => ({ op: 'and', all }) as const) },
);
