import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { SimfleetError } from '@simfleet/contracts';
import { startRelay, type Outbox, type Relay } from '@simfleet/storage';
import { HandClock, openEmitter, Receiver, type Emitter } from './by-hand.ts';

interface Scene extends Emitter {
  readonly clock: HandClock;
  readonly receiver: Receiver;
  readonly warnings: string[];
  readonly errors: string[];
  start(outbox?: Outbox): Relay;
  /** Ids of what is still to go out. */
  left(): Promise<readonly string[]>;
}

const scene = async (): Promise<Scene> => {
  const emitter = await openEmitter();
  const [clock, receiver, warnings, errors] = [new HandClock(), new Receiver(), [] as string[], [] as string[]];
  const logger = {
    warn: (_fields: object, message: string) => void warnings.push(message),
    error: ({ err }: { readonly err?: Error }, message: string) => void errors.push(`${message}: ${err?.message}`),
  };
  return {
    ...emitter,
    clock,
    receiver,
    warnings,
    errors,
    start: (outbox = emitter.storage.outbox) => startRelay({ outbox, publish: receiver.publish, clock, logger }),
    left: async () => (await emitter.storage.outbox.pending(1000)).map(({ event }) => event.id),
  };
};

/** Lets everything run that waits for nothing but its turn. */
const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 10; turns += 1) await turnOfLoop();
};

test('what was written before the start goes out, in order, and is marked', async () => {
  const { emit, start, receiver, left } = await scene();
  for (const aggregate of ['a', 'a', 'b', 'a']) await emit(aggregate);
  const relay = start();
  await settle();
  assert.deepEqual(
    receiver.got.filter((id) => id.startsWith('a')),
    ['a1', 'a2', 'a3'],
  );
  assert.ok(receiver.got.includes('b1'));
  assert.deepEqual(await left(), []);
  await relay.stop();
});

test('a commit wakes the relay, no clock needed', async () => {
  const { emit, start, receiver, left } = await scene();
  const relay = start();
  await settle();
  await emit('a');
  await settle();
  assert.deepEqual([receiver.got, await left()], [['a1'], []]);
  await relay.stop();
});

test('the poll finds what no commit told', async () => {
  const { emit, start, receiver, clock, storage } = await scene();
  const relay = start({
    pending: (limit, except) => storage.outbox.pending(limit, except),
    markPublished: (events) => storage.outbox.markPublished(events),
    onCommit: () => () => undefined,
  });
  await settle();
  await emit('a');
  await settle();
  assert.deepEqual(receiver.got, []);
  clock.turn(1000);
  await settle();
  assert.deepEqual(receiver.got, ['a1']);
  await relay.stop();
});

test('a source that fails is retried with growing pauses, keeps its order, and holds up no other', async () => {
  const { emit, start, receiver, clock, left, warnings } = await scene();
  receiver.failing.add('/things/a');
  const relay = start();
  for (const aggregate of ['a', 'a', 'b', 'c', 'b']) await emit(aggregate);
  await settle();
  assert.deepEqual(receiver.got.toSorted(), ['b1', 'b2', 'c1']);
  assert.equal(warnings.length, 1);
  clock.turn(100);
  await settle();
  clock.turn(100);
  await settle();
  assert.equal(warnings.length, 2, 'the second pause is longer than the first');
  receiver.failing.clear();
  clock.turn(100);
  await settle();
  assert.deepEqual(receiver.got.slice(3), ['a1', 'a2']);
  assert.deepEqual(await left(), []);
  await relay.stop();
});

test('thousands of events of one failing source do not hide the others', async () => {
  const { emit, start, receiver } = await scene();
  receiver.failing.add('/things/a');
  for (let count = 0; count < 600; count += 1) await emit('a');
  await emit('b');
  const relay = start();
  await settle();
  assert.deepEqual(receiver.got, ['b1']);
  await relay.stop();
});

test('a mark that fails is repeated without publishing again', async () => {
  const { emit, start, receiver, clock, storage, left } = await scene();
  let full = true;
  const relay = start({
    pending: (limit, except) => storage.outbox.pending(limit, except),
    onCommit: (listener) => storage.outbox.onCommit(listener),
    async markPublished(events) {
      if (full) throw new Error('The disk is full');
      await storage.outbox.markPublished(events);
    },
  });
  await emit('a');
  await settle();
  full = false;
  assert.deepEqual(await left(), ['a1']);
  clock.turn(100);
  await settle();
  assert.deepEqual([receiver.got, await left()], [['a1'], []]);
  await relay.stop();
});

test('stop waits for the publish under way and marks it; what comes later stays', async () => {
  const { emit, start, receiver, left } = await scene();
  const gate = Promise.withResolvers<void>();
  receiver.gate = gate.promise;
  const relay = start();
  await emit('a');
  await emit('a');
  await settle();
  const stopping = relay.stop();
  await emit('b');
  gate.resolve();
  await stopping;
  await relay.stop();
  assert.deepEqual([receiver.got, await left()], [['a1'], ['a2', 'b1']]);
});

test('stop does not wait longer than its grace for a publish that hangs', async () => {
  const { emit, start, receiver, clock, left } = await scene();
  receiver.gate = new Promise(() => undefined);
  const relay = start();
  await emit('a');
  await settle();
  const stopping = relay.stop();
  clock.turn(1000);
  await stopping;
  assert.deepEqual(await left(), ['a1']);
});

test('stop ends a pause at once', async () => {
  const { emit, start, receiver, warnings } = await scene();
  receiver.failing.add('/things/a');
  const relay = start();
  await emit('a');
  await settle();
  assert.equal(warnings.length, 1);
  await relay.stop();
  assert.deepEqual(receiver.got, []);
});

test('an event that is refused for good is told of once, tried on, and goes out when it is taken', async () => {
  const { emit, start, receiver, clock, warnings, errors, left } = await scene();
  receiver.failing.add('/things/a');
  receiver.failure = () => new SimfleetError('body-too-large', 'Raise the limit.');
  for (const aggregate of ['a', 'a', 'b']) await emit(aggregate);
  const relay = start();
  for (let turns = 0; turns < 20; turns += 1) {
    await settle();
    clock.turn(30_000);
  }
  await settle();
  assert.deepEqual([receiver.got, await left(), warnings], [['b1'], ['a1', 'a2'], []]);
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? '', /is refused, and the later ones of its source wait.*Raise the limit/);
  assert.ok(receiver.refusals >= 20, `tried ${receiver.refusals} times`);
  receiver.failing.clear();
  clock.turn(30_000);
  await settle();
  assert.deepEqual([receiver.got, await left(), errors.length], [['b1', 'a1', 'a2'], [], 1]);
  await relay.stop();
});
