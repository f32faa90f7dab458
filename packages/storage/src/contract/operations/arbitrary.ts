import fc from 'fast-check';
import { anyFilter, anyNote, anySort } from '../arbitrary.ts';
import type { Note } from '../samples.ts';

/** Few ids and streams, one of them most of the time, so that operations meet; some that no store keeps. */
const good = fc.constantFrom('a', 'a', 'a', 'a', 'b', '\uffff', '😀');
const id = fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom('', 'a\0', '\ud800') });
const stream = fc.constantFrom('x', 'y');
const key = fc.constantFrom('k', 'l', 'm', 'n', '');

const doc: fc.Arbitrary<Note> = fc.oneof(
  { weight: 8, arbitrary: anyNote },
  { weight: 1, arbitrary: fc.constantFrom<Note>({ customer: '\0' }, { customer: 'acme', weight: Number.NaN }) },
  { weight: 1, arbitrary: fc.constant<Note>({ customer: 'acme', serial: '007' }) },
);

/** Number of events that a write carries. */
const events = fc.nat(2);
/** What is added to the version that is stored: 0 is right. */
const off = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) });
/** Callers at once. */
const racers = fc.integer({ min: 2, max: 5 });

const operation = <Kind extends string, Rest extends object>(
  weight: number,
  kind: Kind,
  rest: { readonly [Name in keyof Rest]: fc.Arbitrary<Rest[Name]> },
): fc.WeightedArbitrary<{ readonly kind: Kind } & Rest> => ({
  weight,
  arbitrary: fc.record(rest).map((values) => ({ kind, ...(values as Rest) })),
});

/** One thing that is asked of a store. What depends on its state (versions, positions) is told relative to it. */
export const anyOperation = fc.oneof(
  operation(8, 'insert', { id, doc, events }),
  operation(12, 'save', { id, off, doc, events }),
  operation(4, 'delete', { id, off, events }),
  operation(3, 'get', { id }),
  operation(4, 'query', {
    filter: fc.option(anyFilter, { nil: undefined }),
    sort: anySort,
    limit: fc.constantFrom(1, 2, 3, 1000, 0),
    start: fc.oneof(
      fc.constant({ at: 'start' } as const),
      fc.record({ at: fc.constant('offset' as const), rows: fc.constantFrom(0, 1, 2, 10_000, 10_001) }),
      fc.record({ at: fc.constantFrom('after' as const, 'before' as const), row: fc.nat(3) }),
    ),
  }),
  operation(2, 'count', {
    filter: fc.option(anyFilter, { nil: undefined }),
    atMost: fc.option(fc.nat(3), { nil: undefined }),
  }),
  operation(6, 'append', {
    stream,
    entries: fc.array(fc.tuple(key, fc.constantFrom(0, 0, 0, 0, 1)), { maxLength: 4 }),
  }),
  operation(2, 'read', { stream, after: fc.nat(4), limit: fc.integer({ min: 1, max: 3 }) }),
  operation(2, 'last', { stream }),
  operation(2, 'trim', { stream, through: fc.nat(6) }),
  operation(1, 'drop', { stream }),
  operation(2, 'pending', { limit: fc.integer({ min: 1, max: 4 }), except: fc.subarray(['a', '😀']) }),
  operation(3, 'mark', { count: fc.nat(3) }),
  operation(1, 'insert race', { id, doc: anyNote, racers }),
  operation(2, 'save race', { id, doc: anyNote, racers }),
  operation(1, 'delete race', { id, racers }),
  operation(1, 'append race', { stream, key, racers }),
  operation(1, 'reopen', {}),
);

type Any<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
export type Operation = Any<typeof anyOperation>;
