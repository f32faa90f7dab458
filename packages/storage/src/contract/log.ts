import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../collection.ts';
import type { Appended, Log } from '../log.ts';
import { LogModel } from './log-model.ts';
import { refused, refusedAt } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

const entry = (key: string, data: Json = key): { readonly key: string; readonly data: Json } => ({ key, data });
const positions = (appended: readonly Appended[]): readonly number[] => appended.map(({ position }) => position);
const keys = async (log: Log, stream: string, after = 0, limit = 1000): Promise<readonly string[]> =>
  (await log.read(stream, after, limit)).map(({ position, key }) => `${position}:${key}`);

export const testLog = (suite: StorageSuite): void => {
  test('positions are 1, 2, 3, … in each stream', () =>
    withStorage(suite, async ({ log }) => {
      assert.equal(await log.last('s'), 0);
      assert.deepEqual(positions(await log.append('s', [entry('a'), entry('b')])), [1, 2]);
      assert.deepEqual(positions(await log.append('other', [entry('a')])), [1]);
      assert.deepEqual(await log.append('s', [entry('c')]), [{ position: 3, duplicate: false }]);
      assert.deepEqual(await log.append('s', []), []);
      assert.deepEqual(await keys(log, 's'), ['1:a', '2:b', '3:c']);
      assert.equal(await log.last('s'), 3);
      assert.deepEqual(await log.read('nobody', 0, 10), []);
    }));

  test('data is read back whole', () =>
    withStorage(suite, async ({ log }) => {
      const data = { '😀': ['\u0000', null, 1.5, -7, true], n: { x: '18446744073709551615' } };
      await log.append('𝔰', [entry('𝔨', data)]);
      assert.deepEqual(await log.read('𝔰', 0, 1), [{ position: 1, key: '𝔨', data }]);
    }));

  test('a key that is there with equal data is a duplicate and leaves no gap', () =>
    withStorage(suite, async ({ log }) => {
      await log.append('s', [entry('a', { x: 1, y: [2] })]);
      assert.deepEqual(await log.append('s', [entry('b'), entry('a', { y: [2], x: 1 }), entry('b'), entry('c')]), [
        { position: 2, duplicate: false },
        { position: 1, duplicate: true },
        { position: 2, duplicate: true },
        { position: 3, duplicate: false },
      ]);
      assert.deepEqual(positions(await log.append('s', [entry('d')])), [4]);
      assert.deepEqual(await keys(log, 's'), ['1:a', '2:b', '3:c', '4:d']);
    }));

  test('a key that is there with other data is refused, and nothing of the call is written', () =>
    withStorage(suite, async ({ log }) => {
      await log.append('s', [entry('a', 1)]);
      await refused('not-reproducible', log.append('s', [entry('b'), entry('a', 2), entry('c')]));
      await refused('not-reproducible', log.append('s', [entry('d', 1), entry('d', '1')]));
      await refused('not-reproducible', log.append('fresh', [entry('d', 1), entry('d', 2)]));
      assert.deepEqual(await log.read('s', 0, 10), [{ position: 1, key: 'a', data: 1 }]);
      assert.equal(await log.last('s'), 1);
      assert.equal(await log.last('fresh'), 0);
      assert.deepEqual(positions(await log.append('s', [entry('b')])), [2]);
    }));

  test('data that is not JSON is refused, and nothing of the call is written', () =>
    withStorage(suite, async ({ log }) => {
      for (const bad of [Number.NaN, 1n, '\ud800', new Map()]) {
        await refused('invalid-request', log.append('s', [entry('a'), entry('b', bad as Json)]));
      }
      await refused('invalid-request', log.append('s', [entry('')]));
      assert.equal(await log.last('s'), 0);
    }));

  test('U+0000 is refused in names and keys, naming the place, and welcome in data', () =>
    withStorage(suite, async ({ log }) => {
      await refusedAt('/stream', log.append('s\0', [entry('a')]));
      await refusedAt('/entries/1/key', log.append('s', [entry('a'), entry('b\0', 1)]));
      assert.equal(await log.last('s'), 0);
      await log.append('s', [entry('a', { '\0': '\0' })]);
      assert.deepEqual(await log.read('s', 0, 1), [{ position: 1, key: 'a', data: { '\0': '\0' } }]);
    }));

  test('a stream that no store keeps has nothing', () =>
    withStorage(suite, async ({ log }) => {
      await log.append('\ufffd', [entry('a')]);
      await log.append('s', [entry('a')]);
      for (const stream of ['', 's\0', '\0', '\ud800', 'x'.repeat(513)]) {
        await log.trim(stream, 9);
        await log.drop(stream);
        assert.equal(await log.last(stream), 0);
        assert.deepEqual(await log.read(stream, 0, 9), []);
      }
      assert.deepEqual(await keys(log, '\ufffd'), ['1:a']);
      assert.deepEqual(await keys(log, 's'), ['1:a']);
    }));

  test('reading starts after a position and stops at the limit', () =>
    withStorage(suite, async ({ log }) => {
      await log.append(
        's',
        ['a', 'b', 'c', 'd'].map((key) => entry(key)),
      );
      await log.append('t', [entry('x')]);
      assert.deepEqual(await keys(log, 's', 1, 2), ['2:b', '3:c']);
      assert.deepEqual(await keys(log, 's', 3, 100), ['4:d']);
      assert.deepEqual(await keys(log, 's', 4, 100), []);
      assert.deepEqual(await keys(log, 's', 99, 100), []);
    }));

  test('trimmed positions are never given again, and trimmed keys may come back', () =>
    withStorage(suite, async ({ log }) => {
      await log.append(
        's',
        ['a', 'b', 'c'].map((key) => entry(key)),
      );
      await log.trim('s', 2);
      await log.trim('s', 1);
      assert.deepEqual(await keys(log, 's'), ['3:c']);
      assert.deepEqual(await log.append('s', [entry('a', 'new'), entry('c')]), [
        { position: 4, duplicate: false },
        { position: 3, duplicate: true },
      ]);
      await log.trim('s', 1000);
      assert.deepEqual(await keys(log, 's'), []);
      assert.equal(await log.last('s'), 4);
      assert.deepEqual(positions(await log.append('s', [entry('e')])), [5]);
      await log.trim('nobody', 5);
    }));

  test('a dropped stream starts again, and its neighbours stay', () =>
    withStorage(suite, async ({ log }) => {
      await log.append('s', [entry('a'), entry('b')]);
      await log.append('t', [entry('x')]);
      await log.drop('s');
      await log.drop('s');
      assert.equal(await log.last('s'), 0);
      assert.deepEqual(await keys(log, 's'), []);
      assert.deepEqual(positions(await log.append('s', [entry('b', 'new')])), [1]);
      assert.deepEqual(await keys(log, 't'), ['1:x']);
    }));

  test('64 callers at once leave no gap, and each finds its entries where it was told', () =>
    withStorage(suite, async ({ log }) => {
      const told = await Promise.all(
        Array.from({ length: 64 }, async (_, caller) => {
          const mine: (readonly [number, string])[] = [];
          for (let round = 0; round < 4; round += 1) {
            const batch = [0, 1, 2].map((each) => entry(`${caller}-${round}-${each}`));
            const appended = await log.append('s', batch);
            appended.forEach(({ position }, index) => mine.push([position, batch[index]?.key ?? '']));
          }
          return mine;
        }),
      );
      const expected = told.flat().sort(([a], [b]) => a - b);
      const found = (await log.read('s', 0, 1000)).map(({ position, key }) => [position, key] as const);
      assert.deepEqual(found, expected);
      assert.deepEqual(
        found.map(([position]) => position),
        Array.from({ length: 768 }, (_, index) => index + 1),
      );
    }));

  test('64 callers with one key: one writes, the others are duplicates', () =>
    withStorage(suite, async ({ log }) => {
      const tries = Array.from({ length: 64 }, () => log.append('s', [entry('only', { same: 1 })]));
      const appended = (await Promise.all(tries)).flat();
      assert.equal(appended.filter(({ duplicate }) => !duplicate).length, 1);
      assert.deepEqual(new Set(positions(appended)), new Set([1]));
    }));

  test('any sequence of appends, trims and drops answers as the model does', () =>
    withStorage(suite, async ({ log }) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          run += 1;
          const model = new LogModel();
          for (const [index, each] of steps.entries()) {
            const stream = `run ${run} ${each.stream}`;
            if (each.kind === 'drop') await Promise.all([log.drop(stream), model.drop(stream)]);
            else if (each.kind === 'trim')
              await Promise.all([log.trim(stream, each.through), model.trim(stream, each.through)]);
            else {
              const entries = each.entries.map(([key, data]) => ({ key, data }));
              assert.deepEqual(
                await outcome(log.append(stream, entries)),
                await outcome(model.append(stream, entries)),
                `step ${index}`,
              );
            }
            assert.deepEqual(await log.read(stream, 0, 100), await model.read(stream, 0, 100), `step ${index}`);
            assert.equal(await log.last(stream), await model.last(stream), `step ${index}`);
          }
        }),
        { numRuns: 40 },
      );
    }));
};

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream: fc.constantFrom('x', 'y'),
      entries: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.constantFrom(0, 0, 0, 1)), {
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      stream: fc.constantFrom('x', 'y'),
      through: fc.nat(12),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), stream: fc.constantFrom('x', 'y') }) },
);

const outcome = async (appending: Promise<readonly Appended[]>): Promise<unknown> => {
  try {
    return await appending;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
};
