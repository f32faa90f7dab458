import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '@simfleet/testing';
import { defaultBackoff } from '../../../src/kubernetes/queue/backoff.ts';
import { createWorkQueue, type Taken } from '../../../src/kubernetes/queue/work-queue.ts';

test('keys that are added again before they are worked on collapse, in the order of their first arrival', async () => {
  const queue = createWorkQueue(fakeClock(), defaultBackoff);
  for (const key of ['a', 'b', 'a', 'c', 'b', 'a']) queue.add(key);
  assert.equal(queue.depth, 3);
  const keys = [await queue.take(), await queue.take(), await queue.take()].map((taken) => taken?.key);
  assert.deepEqual(keys, ['a', 'b', 'c']);
});

test('changes go before rounds that time alone asked for, which get every eighth turn', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, defaultBackoff);
  const takeAll = async (): Promise<string> => {
    let keys = '';
    while (queue.depth > 0) keys += (await queue.take())?.key ?? '-';
    return keys;
  };
  for (const key of ['u', 'v']) queue.addBehind(key);
  queue.addAfter('w', 5);
  await clock.advance(5);
  for (const key of 'abcdefghijkl') queue.add(key);
  queue.add('v');
  queue.addBehind('a');
  assert.equal(queue.depth, 15);
  assert.equal(await takeAll(), 'abcdefguhijklvw');
});

test('what somebody asked for goes before changes, which get every eighth turn as timed rounds do', async () => {
  const queue = createWorkQueue(fakeClock(), defaultBackoff);
  for (const key of 'ABCDEFGHIJKLMNOPQRST') queue.add(key);
  for (const key of ['x', 'y']) queue.addBehind(key);
  for (const key of 'abcdefghijkl') queue.addFirst(key);
  // It is nowhere twice, and goes no further back.
  queue.addFirst('T');
  queue.add('a');
  queue.addBehind('B');
  let keys = '';
  while (queue.depth > 0) keys += (await queue.take())?.key ?? '-';
  assert.equal(keys, 'abcdefgxAhijklTyBCDEFGHIJKLMNOPQRS');
});

test('an edit goes first also when it comes while the key is worked on', async () => {
  const queue = createWorkQueue(fakeClock(), defaultBackoff);
  queue.add('a');
  const first = await queue.take();
  queue.add('b');
  queue.add('a');
  queue.addFirst('a');
  first?.done();
  assert.deepEqual([(await queue.take())?.key, (await queue.take())?.key], ['a', 'b']);
});

test('while one that somebody asked for is worked on, few others are, and the rest come when it is done', async () => {
  const queue = createWorkQueue(fakeClock(), defaultBackoff, 2);
  const taken = new Map<string, Taken>();
  const work = async (): Promise<void> => {
    const each = await queue.take();
    if (each !== null) taken.set(each.key, each);
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const atWork = async (): Promise<string> => {
    await settled();
    return [...taken.keys()].join('');
  };
  queue.addFirst('w');
  for (const key of 'abcdef') queue.add(key);
  for (let count = 0; count < 6; count++) void work();
  assert.equal(await atWork(), 'wab');
  taken.get('a')?.done();
  assert.equal(await atWork(), 'wabc');
  queue.addFirst('x');
  assert.equal(await atWork(), 'wabcx');
  taken.get('w')?.done();
  assert.equal(await atWork(), 'wabcx');
  taken.get('x')?.done();
  assert.equal(await atWork(), 'wabcxd');
  queue.close();
});

test('a key that failed comes back as the change that it was; a timed round that changes meanwhile as a change', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, defaultBackoff);
  queue.add('failing');
  (await queue.take())?.failed();
  queue.addBehind('timed');
  await clock.advance(5);
  const first = await queue.take();
  assert.equal(first?.key, 'failing');
  queue.addBehind('failing');
  queue.add('failing');
  first?.done();
  assert.deepEqual([(await queue.take())?.key, (await queue.take())?.key], ['failing', 'timed']);
});

test('a key that is added while it is worked on comes back once the worker is done, not before', async () => {
  const queue = createWorkQueue(fakeClock(), defaultBackoff);
  queue.add('a');
  const first = await queue.take();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.depth, 0);
  first?.done();
  assert.equal(queue.depth, 1);
  (await queue.take())?.done();
  assert.equal(queue.depth, 0);
});

test('a key that fails backs off from 5 ms to 1,000 s, and starts anew after it went well', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, defaultBackoff);
  const delays: number[] = [];
  const fail = async (): Promise<void> => {
    delays.push((await queue.take())?.failed() ?? -1);
    await clock.advance(1_000_000);
  };
  queue.add('poison');
  for (let count = 0; count < 20; count++) await fail();
  assert.deepEqual(delays.slice(0, 6), [5, 10, 20, 40, 80, 160]);
  assert.equal(delays.at(-1), 1_000_000);
  const poison = await queue.take();
  queue.add('other');
  assert.equal((await queue.take())?.failed(), 5);
  poison?.failed();
  await clock.advance(1_000_000);
  (await queue.take())?.done();
  (await queue.take())?.done();
  assert.equal(queue.failures('poison'), 0);
  queue.add('poison');
  assert.equal((await queue.take())?.failed(), 5);
});

test('many keys that fail at once come back at the overall rate', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, { ...defaultBackoff, overall: { rate: 10, burst: 100 } });
  for (let index = 0; index < 300; index++) queue.add(`key-${index}`);
  for (let index = 0; index < 300; index++) (await queue.take())?.failed();
  await clock.advance(10);
  assert.equal(queue.depth, 100);
  await clock.advance(10_000);
  assert.equal(queue.depth, 200);
  await clock.advance(10_000);
  assert.equal(queue.depth, 300);
});

test('of several times for a key the earliest counts, and none is left behind', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, defaultBackoff);
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  assert.equal(queue.delayed, 1);
  await clock.advance(99);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.equal(queue.depth, 1);
  (await queue.take())?.done();
  await clock.advance(1000);
  assert.deepEqual([queue.depth, queue.delayed, clock.waiting], [0, 0, 0]);
});

test('closing lets waiting workers go and drops what is queued', async () => {
  const clock = fakeClock();
  const queue = createWorkQueue(clock, defaultBackoff);
  const waiting = queue.take();
  queue.addAfter('later', 50);
  queue.close();
  assert.equal(await waiting, null);
  queue.add('a');
  queue.addAfter('b', 10);
  assert.equal(await queue.take(), null);
  assert.equal(clock.waiting, 0);
});

type Step =
  | { readonly do: 'add' | 'first' | 'behind'; readonly key: string }
  | { readonly do: 'later'; readonly key: string; readonly ms: number }
  | { readonly do: 'take' }
  | { readonly do: 'done' | 'fail' | 'again'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const which = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add' as const, 'first' as const, 'behind' as const), key }),
  fc.record({ do: fc.constant('later' as const), key, ms: fc.integer({ min: 0, max: 200 }) }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constantFrom('done' as const, 'fail' as const, 'again' as const), which }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 300 }) }),
);

test('whatever happens: no key with two workers, and everything that was asked for is worked on afterwards', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = fakeClock();
      const queue = createWorkQueue(clock, defaultBackoff);
      const held: Taken[] = [];
      /** Keys for which a round must still begin. */
      const owed = new Set<string>();
      const begin = async (): Promise<void> => {
        const taken = await queue.take();
        assert(taken !== null);
        assert(!held.some((other) => other.key === taken.key), `${taken.key} has two workers`);
        held.push(taken);
        owed.delete(taken.key);
      };
      for (const action of steps) {
        const taken = 'which' in action ? held.splice(action.which, 1)[0] : undefined;
        if (action.do === 'add') queue.add(action.key);
        if (action.do === 'first') queue.addFirst(action.key);
        if (action.do === 'behind') queue.addBehind(action.key);
        if (action.do === 'later') queue.addAfter(action.key, action.ms);
        if (action.do === 'take' && queue.depth > 0) await begin();
        if (action.do === 'done') taken?.done();
        if (action.do === 'fail') taken?.failed();
        if (action.do === 'again') taken?.done(50);
        if (action.do === 'wait') await clock.advance(action.ms);
        if ('key' in action) owed.add(action.key);
        if (taken !== undefined && action.do !== 'done') owed.add(taken.key);
      }
      for (const taken of held.splice(0)) taken.done();
      await clock.advance(2_000_000);
      while (queue.depth > 0) {
        await begin();
        held.pop()?.done();
      }
      assert.deepEqual([...owed], []);
      assert.deepEqual([queue.working, queue.delayed, clock.waiting], [0, 0, 0]);
    }),
    { numRuns: 300 },
  ));
