import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Principal } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Sort, Storage } from '@simfleet/storage';
import { fakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import { createCursorCodec, cursorKey, defineList } from '../../packages/http/src/index.ts';
import { onEveryStore } from './stores.ts';

interface Row {
  readonly customer: string;
  readonly rank: number | null;
  readonly note: number;
}

const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };
const codec = createCursorCodec({ keys: [cursorKey(1, Buffer.alloc(32, 7))], clock: fakeClock() });
const declarationOf = (number: number): CollectionDeclaration => ({
  // Names of collections are letters.
  name: `rows_${[...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`,
  fields: { rank: { path: ['rank'], type: 'number' } },
  sorts: ['rank'],
});

/** What someone does while a page is read. The row is one of those that there were at the start. */
type Change =
  | { readonly op: 'insert'; readonly rank: number | null }
  | { readonly op: 'delete'; readonly row: number }
  | { readonly op: 'move'; readonly row: number; readonly rank: number | null }
  | { readonly op: 'touch'; readonly row: number };

const anyRank = fc.option(fc.integer({ min: 0, max: 4 }));
const anyRow = fc.nat(40);
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ op: fc.constant('insert' as const), rank: anyRank }),
  fc.record({ op: fc.constant('delete' as const), row: anyRow }),
  fc.record({ op: fc.constant('move' as const), row: anyRow, rank: anyRank }),
  fc.record({ op: fc.constant('touch' as const), row: anyRow }),
);

const idOf = (index: number): string => `row-${String(index).padStart(3, '0')}`;

interface Walk {
  readonly ranks: readonly (number | null)[];
  readonly sort: Sort;
  readonly limit: number;
  /** Changes during the first page, the second, … */
  readonly script: readonly (readonly Change[])[];
}

const anyWalk: fc.Arbitrary<Walk> = fc.record({
  ranks: fc.array(anyRank, { minLength: 1, maxLength: 30 }),
  sort: fc.record({
    field: fc.constant('rank'),
    direction: fc.constantFrom('ascending' as const, 'descending' as const),
  }),
  limit: fc.integer({ min: 1, max: 6 }),
  script: fc.array(fc.array(anyChange, { maxLength: 4 }), { maxLength: 20 }),
});

/** Walks to the end and back while the script runs beside it. */
const run = async (
  collection: Collection<Row>,
  { ranks, sort, limit, script }: Walk,
  declaration: CollectionDeclaration,
) => {
  const list = defineList({ list: 'rows', collection: declaration, sorts: ['rank'], fallback: 'rank' });
  await Promise.all(ranks.map((rank, index) => collection.insert(idOf(index), { customer: 'acme', rank, note: 0 })));
  /** Rows that are there throughout, where they were. */
  const steady = new Set(ranks.map((_, index) => idOf(index)));
  let fresh = 500;

  const change = async (step: Change): Promise<void> => {
    if (step.op === 'insert') {
      await collection.insert(idOf(fresh++), { customer: 'acme', rank: step.rank, note: 0 });
      return;
    }
    const row = await collection.get(idOf(step.row));
    if (row === null) return;
    if (step.op === 'touch')
      return void (await collection.save(row.id, row.version, { ...row.doc, note: row.doc.note + 1 }));
    steady.delete(row.id);
    if (step.op === 'delete') await collection.delete(row.id, row.version);
    else await collection.save(row.id, row.version, { ...row.doc, rank: step.rank });
  };

  const pageOf = async (cursor: string | null): Promise<Page<string>> => {
    const query = { ...list.query.parse({ limit: String(limit), ...(cursor === null ? {} : { cursor }) }), sort };
    const show = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
    return (await list.answer({ codec, collection, query, principal: administrator, url: '/', show }))
      .body as Page<string>;
  };

  let round = 0;
  const changing = async (): Promise<void> => {
    for (const step of script[round++] ?? []) await change(step);
  };
  const walkFrom = async (first: Page<string>, direction: 'next' | 'prev'): Promise<readonly string[]> => {
    const seen: string[] = [];
    for (let page = first; ;) {
      seen.push(...(direction === 'next' ? page.items : page.items.toReversed()));
      const cursor = page[direction];
      if (cursor === null) return seen;
      // Every page shows something, and no script inserts so much.
      assert.ok(seen.length < 1000, 'the walk does not end');
      [page] = await Promise.all([pageOf(cursor), changing()]);
    }
  };

  const forth = await walkFrom(await pageOf(null), 'next');
  // To the last page that there is now; the rest of the script runs on the way back.
  let last = await pageOf(null);
  for (let pages = 0; last.next !== null; pages++) {
    assert.ok(pages < 1000, 'the walk does not end');
    last = await pageOf(last.next);
  }
  const steadyForth = [...steady];
  const back = await walkFrom(last, 'prev');
  return { forth, steadyForth, back, steadyBack: [...steady] };
};

const exactlyOnce = (seen: readonly string[], steady: readonly string[], way: string): void => {
  for (const id of steady) assert.equal(seen.filter((each) => each === id).length, 1, `${id} ${way}`);
};

onEveryStore((name, opened, share) => {
  test(`${name}: whatever comes, goes and moves, a walk sees every row that stays where it is exactly once`, async (t) => {
    const storage: Storage = await opened().open();
    t.after(() => storage.close());
    let number = 0;
    await fc.assert(
      fc.asyncProperty(anyWalk, async (walk) => {
        const declaration = declarationOf(number++);
        const collection = await storage.collection<Row>(declaration);
        const { forth, steadyForth, back, steadyBack } = await run(collection, walk, declaration);
        exactlyOnce(forth, steadyForth, 'forth');
        exactlyOnce(back, steadyBack, 'back');
      }),
      { numRuns: Math.ceil(200 * share), endOnFailure: share < 0.5 },
    );
  });
});
