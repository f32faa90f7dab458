import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { openLeases } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { World } from './world.ts';
import type { Process } from './world.ts';

const two = async (): Promise<readonly [World, Process, Process]> => {
  const world = new World();
  return [world, await world.process(), await world.process()];
};

/** Processes that believe in their lease right now. */
const believers = (name: string, processes: readonly Process[]): number =>
  processes.filter(({ leases, paused }) => !paused && leases.holds(name)).length;

test('a lease goes to the first that asks, and the others are told who holds it', async () => {
  const [, a, b] = await two();
  assert.equal(await a.leases.holderOf('job'), a.leases.memberId);
  assert.equal(await b.leases.holderOf('job'), a.leases.memberId);
  assert.deepEqual([a.leases.holds('job'), b.leases.holds('job')], [true, false]);
});

test('of many that ask at once, one gets it and all answer the same', async () => {
  const world = new World();
  const processes = await Promise.all(Array.from({ length: 8 }, () => world.process()));
  const answers = await Promise.all(
    processes.flatMap(({ leases }) => [leases.holderOf('job'), leases.holderOf('job')]),
  );
  assert.equal(new Set(answers).size, 1);
  assert.equal(believers('job', processes), 1);
});

test('holding thousands of leases costs no more writes than holding none', async () => {
  const [world, a, b] = await two();
  for (let count = 0; count < 2000; count += 1) await a.leases.holderOf(`job-${count}`);
  const [before, idle] = [a.writes, b.writes];
  await world.advance(10_000);
  assert.equal(a.writes - before, b.writes - idle);
  assert.ok(a.writes - before <= 21, `${a.writes - before}`);
});

test('asking again costs nothing, for the holder and for the others', async () => {
  const [world, a, b] = await two();
  await world.advance(1000);
  await a.leases.holderOf('job');
  await b.leases.holderOf('job');
  const before = [a.reads, b.reads];
  for (let count = 0; count < 100; count += 1) {
    await a.leases.holderOf('job');
    await b.leases.holderOf('job');
  }
  assert.deepEqual([a.reads, b.reads], before);
});

for (const how of ['killed', 'paused'] as const) {
  test(`the leases of a process that is ${how} move within 3.5 s, and not within 2.5 s`, async () => {
    const [world, a, b] = await two();
    await a.leases.holderOf('job');
    await world.advance(5_000);
    if (how === 'killed') world.kill(a);
    else a.paused = true;
    const tookMs = await world.until(async () => (await b.leases.holderOf('job')) === b.leases.memberId);
    assert.ok(tookMs >= 2_000 && tookMs <= 3_500, `${tookMs}`);
  });
}

test('a process that was paused gives its leases up before it does anything, and learns who has them', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  await a.leases.holderOf('other');
  await world.advance(1_000);
  a.paused = true;
  await world.until(async () => (await b.leases.holderOf('job')) === b.leases.memberId);
  a.paused = false;
  assert.equal(a.leases.holds('job'), false);
  assert.deepEqual(a.lost, ['job', 'other']);
  assert.equal(await a.leases.holderOf('job'), b.leases.memberId);
  assert.equal(await a.leases.holderOf('other'), a.leases.memberId, 'nobody asked for it meanwhile');
  await world.advance(5_000);
  assert.equal(await b.leases.holderOf('other', { afresh: true }), a.leases.memberId);
  assert.equal(await a.leases.holderOf('job', { afresh: true }), b.leases.memberId);
});

test('a short pause moves nothing', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  await world.advance(5_000);
  a.paused = true;
  await world.advance(1_200);
  a.paused = false;
  await world.advance(5_000);
  assert.deepEqual([a.lost, await b.leases.holderOf('job', { afresh: true })], [[], a.leases.memberId]);
});

test('a store that is away for all kills nobody', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  await b.leases.holderOf('other');
  await world.advance(3_000);
  a.cutOff = b.cutOff = true;
  await world.advance(60_000);
  assert.equal(a.leases.holds('job'), false, 'it cannot know');
  await assert.rejects(a.leases.holderOf('job'), (error) => errorCode(error) === 'unavailable');
  b.cutOff = false;
  await world.advance(1_000);
  assert.equal(await b.leases.holderOf('job', { afresh: true }), a.leases.memberId, 'a has not had its moment yet');
  a.cutOff = false;
  await world.advance(5_000);
  assert.equal(await b.leases.holderOf('job', { afresh: true }), a.leases.memberId);
  assert.equal(await a.leases.holderOf('other', { afresh: true }), b.leases.memberId);
  assert.equal(await a.leases.holderOf('job'), a.leases.memberId);
});

test('a process that alone is cut off from the store loses its leases to the others', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  await world.advance(3_000);
  a.cutOff = true;
  await world.until(async () => {
    assert.ok(believers('job', [a, b]) <= 1);
    return (await b.leases.holderOf('job')) === b.leases.memberId;
  });
  assert.equal(a.leases.holds('job'), false);
});

test('an observer that was paused itself takes nobody for dead', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  await world.advance(3_000);
  b.paused = true;
  await world.advance(30_000);
  b.paused = false;
  await world.advance(500);
  assert.equal(await b.leases.holderOf('job', { afresh: true }), a.leases.memberId);
});

test('a clean end hands over at once', async () => {
  const [world, a, b] = await two();
  await a.leases.holderOf('job');
  assert.equal(await b.leases.holderOf('job'), a.leases.memberId);
  await world.advance(1_000);
  await a.leases.close();
  await a.leases.close();
  assert.equal(await b.leases.holderOf('job', { afresh: true }), b.leases.memberId);
  assert.equal(a.leases.holds('job'), false);
  await assert.rejects(a.leases.holderOf('job'), (error) => errorCode(error) === 'unavailable');
});

test('a released lease leaves nothing behind, and the next that asks gets it', async () => {
  const [, a, b] = await two();
  await a.leases.holderOf('job');
  await b.leases.release('job');
  assert.equal(await b.leases.holderOf('job', { afresh: true }), a.leases.memberId, 'it is not b’s to release');
  await a.leases.release('job');
  assert.equal(a.leases.holds('job'), false);
  assert.equal(await b.leases.holderOf('job', { afresh: true }), b.leases.memberId);
});

test('who holds what is told for many at once, and nothing is taken by asking', async () => {
  const [world, a, b] = await two();
  await world.advance(1_000);
  await a.leases.holderOf('one');
  await b.leases.holderOf('two');
  const expected = [
    ['one', a.leases.memberId],
    ['two', b.leases.memberId],
  ];
  for (const { leases } of [a, b]) {
    assert.deepEqual([...(await leases.holdersOf(['one', 'two', 'three']))].toSorted(), expected);
  }
  assert.equal(a.leases.holds('three') || b.leases.holds('three'), false);
});

test('it is known who lives', async () => {
  const [world, a, b] = await two();
  await world.advance(1_000);
  assert.equal(await b.leases.isAlive(a.leases.memberId), true);
  world.kill(a);
  await world.advance(5_000);
  assert.deepEqual([await b.leases.isAlive(a.leases.memberId), await b.leases.isAlive('nobody')], [false, false]);
});

test('the dead are cleaned up', async () => {
  const [world, a, b] = await two();
  world.kill(a);
  await world.advance(5_000);
  const members = await world.storage.collection({ name: 'members', fields: {}, sorts: [] });
  assert.deepEqual([await members.get(a.leases.memberId), await members.count()], [null, 1]);
  assert.notEqual(await members.get(b.leases.memberId), null);
});

test('one that returns between the look at it and the take-over keeps its lease, or loses it, but there are never two holders', async () => {
  for (const stepOfReturn of ['before the write', 'after the write'] as const) {
    const [world, a, b] = await two();
    await a.leases.holderOf('job');
    await world.advance(1_000);
    a.paused = true;
    await world.advance(4_000);
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    b.atCall = async (what) => {
      if (what !== 'save') return;
      b.atCall = null;
      reached.resolve();
      await goOn.promise;
    };
    const taking = b.leases.holderOf('job');
    await reached.promise;
    a.paused = false;
    if (stepOfReturn === 'before the write') {
      await a.leases.holderOf('job');
      goOn.resolve();
      await taking;
    } else {
      goOn.resolve();
      await taking;
      await a.leases.holderOf('job');
    }
    assert.equal(believers('job', [a, b]), 1, stepOfReturn);
    assert.equal(await a.leases.holderOf('job', { afresh: true }), await b.leases.holderOf('job', { afresh: true }));
  }
});

test('a lease whose answer arrives after a long pause is not believed', async () => {
  const [world, a, b] = await two();
  await world.advance(1_000);
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  a.atCall = async (what, when) => {
    if (what !== 'insert' || when !== 'after') return;
    a.atCall = null;
    reached.resolve();
    await goOn.promise;
  };
  const taking = a.leases.holderOf('job');
  await reached.promise;
  a.paused = true;
  await world.until(async () => (await b.leases.holderOf('job')) === b.leases.memberId);
  a.paused = false;
  await world.advance(1_000);
  goOn.resolve();
  assert.equal(await taking, b.leases.memberId);
  assert.equal(believers('job', [a, b]), 1);
});

test('through random deaths, pauses and outages no two processes believe in one lease, and it is held again soon', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const draw = drawer(seed);
    const world = new World();
    const processes = [await world.process(), await world.process(), await world.process()];
    for (let step = 0; step < 120; step += 1) {
      const one = processes[draw(3)] as Process;
      const [pausing, cutting] = [draw(10) < 2, draw(10) < 2];
      if (pausing) one.paused = !one.paused;
      if (cutting) one.cutOff = !one.cutOff;
      for (const process of processes) if (!process.paused) void process.leases.holderOf('job').catch(() => undefined);
      await world.advance(50 + draw(1500));
      assert.ok(believers('job', processes) <= 1, `seed ${seed}, step ${step}`);
    }
    for (const process of processes) process.paused = process.cutOff = false;
    await world.advance(5_000);
    const holders = await Promise.all(processes.map(({ leases }) => leases.holderOf('job', { afresh: true })));
    assert.equal(new Set(holders).size, 1);
    assert.equal(believers('job', processes), 1);
  }
});

test('a store that no other process uses costs nothing: this one holds everything', async () => {
  const storage = openMemoryStorage();
  const collection = (): never => assert.fail('nothing is declared');
  const clock = { now: () => 0, monotonic: () => 0, after: () => assert.fail('no timer') };
  const logger = { info: () => undefined, warn: () => undefined };
  const leases = await openLeases({ storage: { ...storage, shared: false, collection }, clock, logger });
  assert.equal(await leases.holderOf('job'), leases.memberId);
  assert.equal(leases.holds('anything'), true);
  await leases.close();
});

/** Whole numbers 0 … n − 1, the same for the same seed. */
const drawer = (seed: number) => {
  let state = seed * 2_654_435_761;
  return (n: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % n;
  };
};
