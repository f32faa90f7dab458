import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@simfleet/runtime';
import { fakeClock, recordingLogger } from '@simfleet/testing';
import { createController } from '../../src/kubernetes/controller.ts';
import { createInstruments } from '../../src/kubernetes/instruments.ts';
import type { ControllerOptions, Reconcile, Source } from '../../src/kubernetes/index.ts';

/** A source whose keys the test tells. */
const source = (all: readonly string[]): Source & { tell(...keys: string[]): void } => {
  const listeners = new Set<Parameters<Source['onKeys']>[0]>();
  return {
    untilSynced: () => Promise.resolve(),
    keys: () => all,
    onKeys(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell(...keys) {
      for (const listener of listeners) listener(keys, false);
    },
  };
};

const run = (keys: readonly string[], reconcile: Reconcile, options: Partial<ControllerOptions> = {}) => {
  const clock = fakeClock();
  const { logger, entries } = recordingLogger();
  const metrics = createMetrics();
  const from = source(keys);
  const parts = { clock, logger, instruments: createInstruments(metrics) };
  const controller = createController({ name: 'test', sources: [from], reconcile, ...options }, parts);
  const stopping = new AbortController();
  const lost = new AbortController();
  const running = controller.run({ stopping: stopping.signal, lost: lost.signal });
  return { clock, controller, from, metrics, entries, stopping, lost, running };
};

const failing = (): never => {
  throw new Error('planted');
};

test('an object that always fails backs off alone: the others go on as if it were not there', async () => {
  const rounds = new Map<string, number>();
  const { clock, from, stopping, running, metrics, entries } = run(['poison', 'a', 'b'], async (key) => {
    rounds.set(key, (rounds.get(key) ?? 0) + 1);
    if (key === 'poison') failing();
  });
  for (let second = 0; second < 60; second++) {
    from.tell('a', 'b');
    await clock.advance(1000);
  }
  // The first, one before each of 60 seconds; the poison after 5, 10, 20, … ms: 2^13 × 5 ms is 41 s.
  assert.deepEqual([rounds.get('a'), rounds.get('b')], [60, 60]);
  assert.equal(rounds.get('poison'), 14);
  assert.match(await metrics.metrics(), /reconcile_total\{controller="test",result="error"\} 14/);
  assert.equal(entries().filter(({ level }) => level === 'warn').length, 14);
  stopping.abort();
  await running;
  assert.equal(clock.waiting, 0);
});

test('a thousand events about an object under work make one more round', async () => {
  let rounds = 0;
  const first = Promise.withResolvers<void>();
  const { clock, from, stopping, running } = run(['a'], async () => {
    rounds += 1;
    if (rounds === 1) await first.promise;
  });
  await clock.advance(0);
  for (let count = 0; count < 1000; count++) from.tell('a');
  first.resolve();
  await clock.advance(1);
  assert.equal(rounds, 2);
  stopping.abort();
  await running;
});

test('a round that asks for another gets it then, and asks anew', async () => {
  let rounds = 0;
  const { clock, stopping, running } = run(
    ['a'],
    async () => {
      rounds += 1;
      return { requeueAfterMs: 10_000 };
    },
    { resyncMs: 36_000_000 },
  );
  await clock.advance(35_000);
  assert.equal(rounds, 4);
  stopping.abort();
  await running;
});

test('a resync looks at every object once a period, spread over it', async () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`);
  const at = new Map<string, number[]>(keys.map((key) => [key, []]));
  const { clock, stopping, running } = run(
    keys,
    async (key) => {
      at.get(key)?.push(clock.monotonic());
    },
    { resyncMs: 600_000 },
  );
  await clock.advance(1_200_000);
  assert([...at.values()].every((times) => times.length === 3));
  const perTick = new Map<number, number>();
  for (const time of [...at.values()].flatMap((times) => times.slice(1)))
    perTick.set(time, (perTick.get(time) ?? 0) + 1);
  assert.equal(Math.max(...perTick.values()), 10);
  stopping.abort();
  await running;
  assert.equal(clock.waiting, 0);
});

test('a clean stop begins no round and waits for those under way, whose signals abort after ten seconds', async () => {
  const begun: string[] = [];
  const { clock, stopping, running } = run(
    ['quick', 'slow', 'late'],
    async (key, signal) => {
      begun.push(key);
      if (key === 'quick') return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    { workers: 1 },
  );
  await clock.advance(0);
  stopping.abort();
  let ended = false;
  void running.then(() => (ended = true));
  await clock.advance(9999);
  assert.equal(ended, false);
  await clock.advance(1);
  await running;
  assert.deepEqual(begun, ['quick', 'slow']);
});

test('lost leadership aborts the signals of rounds under way at once', async () => {
  const { clock, lost, running } = run(
    ['a', 'b', 'c'],
    (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  await clock.advance(0);
  lost.abort();
  await running;
  assert.equal(clock.waiting, 0);
});

test('a round without end is told so, and nobody else works on its key until it ends', async () => {
  let working = 0;
  let most = 0;
  let told = 0;
  const release = Promise.withResolvers<void>();
  const { clock, from, stopping, running } = run(
    ['a'],
    async (_, signal) => {
      most = Math.max(most, ++working);
      signal.addEventListener('abort', () => (told += 1));
      await release.promise;
      working -= 1;
    },
    { roundLimitMs: 1000 },
  );
  await clock.advance(1000);
  from.tell('a');
  await clock.advance(10);
  assert.deepEqual([told, most], [1, 1]);
  stopping.abort();
  release.resolve();
  await running;
});
