import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { SimfleetEvent } from '@simfleet/contracts';
import { startLedRelay } from '@simfleet/storage';
import { World } from '../leases/world.ts';
import type { Process } from '../leases/world.ts';
import { openEmitter } from './by-hand.ts';

/** Several processes on one store that relay to one broker, which drops what it has seen. */
const scene = async (processes: number) => {
  const { storage, emit } = await openEmitter();
  const world = new World();
  const got: string[] = [];
  const sent: string[] = [];
  const listeners = new Set<() => void>();
  const hints = { areLost: false };
  const started = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const process = await world.process();
      const { leases, clock } = process;
      const gate: { open: Promise<void> | null } = { open: null };
      /** What the process has in hand when it is paused is sent when it goes on. */
      const publish = async ({ id }: SimfleetEvent): Promise<void> => {
        await gate.open;
        if (process.cutOff) return new Promise(() => undefined);
        sent.push(id);
        if (!got.includes(id)) got.push(id);
      };
      const relay = await startLedRelay({
        outbox: {
          pending: (limit, except) => storage.outbox.pending(limit, except),
          markPublished: (events) => storage.outbox.markPublished(events),
          // Commits are those of the last process: others have to be told.
          onCommit: (listener) => (index === processes - 1 ? storage.outbox.onCommit(listener) : () => undefined),
        },
        publish,
        clock,
        leases,
        pollMs: 1_000,
        logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
        hints: {
          tell: () => listeners.forEach((listener) => (hints.areLost ? undefined : listener())),
          async listen(listener) {
            listeners.add(listener);
            return async () => void listeners.delete(listener);
          },
        },
      });
      return { process, relay, gate };
    }),
  );
  const [a, b] = started as [(typeof started)[0], (typeof started)[0]];
  return { world, emit, got, sent, hints, a, b };
};

const kill = (world: World, { process }: { readonly process: Process }): void => world.kill(process);

test('of two processes one publishes, each event once', async () => {
  const { world, emit, got, sent } = await scene(2);
  for (let count = 0; count < 20; count += 1) await emit('x');
  await world.advance(5_000);
  assert.deepEqual(
    got,
    Array.from({ length: 20 }, (_, at) => `x${at + 1}`),
  );
  assert.deepEqual(sent, got);
});

test('a commit is told to the one that publishes, so that it waits for no poll', async () => {
  const { world, emit, got } = await scene(2);
  await world.advance(1_020);
  await emit('x');
  await world.advance(50);
  assert.deepEqual(got, ['x1']);
});

test('when the one that publishes dies, another goes on within 5 s', async () => {
  const { world, emit, got, a } = await scene(2);
  await world.advance(2_000);
  kill(world, a);
  await emit('x');
  const tookMs = await world.until(() => got.length === 1);
  assert.ok(tookMs <= 4_500, `${tookMs}`);
});

test('one that was paused with events in hand sends none that another has overtaken, but the one under way', async () => {
  const { world, emit, got, sent, hints, a } = await scene(2);
  await world.advance(1_000);
  hints.areLost = true;
  const gate = Promise.withResolvers<void>();
  a.gate.open = gate.promise;
  await emit('x');
  await emit('x');
  await emit('x');
  // The poll finds all three at once.
  await world.advance(1_100);
  a.process.paused = true;
  await world.until(() => got.length === 3);
  await emit('x');
  await world.until(() => got.length === 4);
  a.process.paused = false;
  gate.resolve();
  // Before any of its timers fires.
  for (let turns = 0; turns < 10; turns += 1) await turnOfLoop();
  await world.advance(5_000);
  assert.deepEqual(got, ['x1', 'x2', 'x3', 'x4']);
  assert.deepEqual(sent, ['x1', 'x2', 'x3', 'x4', 'x1']);
});

test('a clean end hands over', async () => {
  const { world, emit, got, sent, a } = await scene(2);
  await emit('x');
  await world.advance(100);
  await a.relay.stop();
  await a.process.leases.close();
  await emit('x');
  await world.until(() => got.length === 2, 2_000);
  assert.deepEqual(sent, ['x1', 'x2']);
});
