import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lead, openLeases, type Lead } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { World } from './world.ts';
import type { Process } from './world.ts';

/** Work that notes who does it. */
class Work {
  readonly doing = new Set<string>();
  readonly log: string[] = [];
  failing = false;

  start(name: string, { leases, clock }: Pick<Process, 'leases' | 'clock'>): Promise<Lead> {
    const logger = { info: () => undefined, warn: () => undefined };
    const begin = async (): Promise<() => Promise<void>> => {
      if (this.failing) throw new Error('not yet');
      this.doing.add(name);
      this.log.push(`${name} begins`);
      return async () => {
        this.doing.delete(name);
        this.log.push(`${name} ends`);
      };
    };
    return lead({ leases, clock, logger, name: 'work', begin });
  }
}

const scene = async () => {
  const world = new World();
  const work = new Work();
  const [a, b] = [await world.process(), await world.process()];
  return { world, work, a, b, leads: [await work.start('a', a), await work.start('b', b)] as const };
};

test('one does the work; after its death another, within 5 s', async () => {
  const { world, work, a } = await scene();
  await world.advance(5_000);
  assert.deepEqual(work.log, ['a begins']);
  world.kill(a);
  const tookMs = await world.until(() => work.log.includes('b begins'));
  assert.ok(tookMs <= 4_500, `${tookMs}`);
});

test('one that was paused ends its work when it is back, and the other goes on with it', async () => {
  const { world, work, a } = await scene();
  a.paused = true;
  await world.until(() => work.doing.has('b'));
  a.paused = false;
  await world.advance(1_000);
  assert.deepEqual(work.log, ['a begins', 'b begins', 'a ends']);
  await world.advance(5_000);
  assert.deepEqual([...work.doing], ['b']);
});

test('a clean end hands the work over', async () => {
  const { world, work, a, leads } = await scene();
  await leads[0].stop();
  await leads[0].stop();
  await a.leases.close();
  const tookMs = await world.until(() => work.doing.has('b'));
  assert.deepEqual(work.log, ['a begins', 'a ends', 'b begins']);
  assert.ok(tookMs <= 1_100, `${tookMs}`);
});

test('work that cannot begin is tried again', async () => {
  const world = new World();
  const work = new Work();
  work.failing = true;
  const only = await work.start('a', await world.process());
  assert.equal(only.isLeading, false);
  work.failing = false;
  await world.advance(600);
  assert.equal(only.isLeading, true);
});

test('in a process that is alone with its store the work has begun when it is started', async () => {
  const logger = { info: () => undefined, warn: () => undefined };
  const clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };
  const leases = await openLeases({ storage: openMemoryStorage(), clock, logger });
  const work = new Work();
  const only = await work.start('a', { leases, clock });
  assert.equal(only.isLeading, true);
  await only.stop();
  assert.deepEqual(work.log, ['a begins', 'a ends']);
});
