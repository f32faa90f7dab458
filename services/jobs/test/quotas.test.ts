import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { LimiterStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import type { Collection, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, silentLogger } from '@simfleet/testing';
import { openPathsMeter } from '../src/quotas/paths-meter.ts';
import { placeAfter } from '../src/quotas/place.ts';
import { admin, openProcess, shardStarted } from './support/parts.ts';
import type { Process } from './support/parts.ts';
import { testQuotas } from './support/quotas.ts';
import type { Limits, TestQuotasOptions } from './support/quotas.ts';

const scene = async (
  t: TestContext,
  limits: Partial<Limits>,
  options: TestQuotasOptions & { readonly storage?: Storage } = {},
) => {
  const clock = fakeClock();
  const quotas = testQuotas(limits, { clock, store: openMemoryLimiterStore({ clock }), ...options });
  const process = await openProcess(options.storage ?? openMemoryStorage(), { quotas, clock });
  t.after(() => process.stop());
  return { clock, quotas, process };
};

const stateOf = async ({ store }: Process, id: string): Promise<string> => {
  const { state, place } = (await store.need(id)).doc;
  return `${state} ${place ?? '-'}`;
};
/** Everything that follows from what was done, without time passing. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('a place that comes free is taken in the same moment', async (t) => {
  const { quotas, process } = await scene(t, { running: 1 });
  const [first, second] = [await process.create(1), await process.create(2)];
  assert.equal(await stateOf(process, second.id), 'Queued waits');
  await process.steerJob.cancel(first.id, admin);
  await settled();
  assert.equal(await stateOf(process, second.id), 'Queued runs');
  assert.equal(await quotas.held('running'), 1);
});

test('what the records say is held stays held, and comes back when the counts are lost', async (t) => {
  const { clock, quotas, process } = await scene(t, { running: 3, queued: 10 });
  const [first] = [await process.create(1), await process.create(2), await process.create(3)];
  await process.handleShardEvent(shardStarted(first.id));
  await clock.advance(600_000);
  assert.deepEqual([await quotas.held('running'), await quotas.held('queued')], [3, 2]);
  for (const { rule } of [...quotas.quotasOf('default').running, ...quotas.quotasOf('default').queued])
    await quotas.store.reset(rule, 'customer:default');
  // The records rule at once, and the counts follow them.
  assert.equal((await process.create(4)).doc.place, 'waits');
  await clock.advance(21_000);
  assert.deepEqual([await quotas.held('running'), await quotas.held('queued')], [3, 3]);
});

/** The methods of a class, as an object of their own. */
const bound = <Its extends object>(instance: Its): Its => {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(instance)) as (keyof Its)[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = instance[name];
      return typeof value === 'function' ? [[name, value.bind(instance) as unknown]] : [];
    }),
  ) as Its;
};

/** A memory of which one collection does some things its own way. */
const memoryWith = (name: string, ways: (inner: Collection<never>) => Partial<Collection<never>>): Storage => {
  const inner = openMemoryStorage();
  return {
    ...inner,
    outbox: inner.outbox,
    log: inner.log,
    async collection(declaration) {
      const opened = await inner.collection(declaration);
      if (declaration.name !== name) return opened as never;
      return { ...bound(opened), ...ways(opened as never) } as never;
    },
  };
};

test('a request with mistakes asks no quota and writes nothing, and is told of them where the queue is full', async (t) => {
  let inserts = 0;
  const storage = memoryWith('job_names', (names) => ({
    insert(...given) {
      inserts += 1;
      return names.insert(...given);
    },
  }));
  const { quotas, process } = await scene(t, { queued: 1 }, { storage });
  await process.create(1);
  const before = [quotas.asked.length, inserts];
  const withMistake = process.create(2, { parameters: { level: 'high' } });
  await assert.rejects(withMistake, (error) => errorCode(error) === 'invalid-request');
  assert.deepEqual([quotas.asked.length, inserts], before);
});

test('a creation that dies after it was counted holds its unit for a lease, and no longer', async (t) => {
  let isDead = false;
  const storage = memoryWith('jobs', (jobs) => ({
    insert: (...given) => (isDead ? new Promise<never>(() => undefined) : jobs.insert(...given)),
  }));
  const { clock, quotas, process } = await scene(t, { queued: 1, running: 1 }, { storage });
  isDead = true;
  void process.create(1);
  await settled();
  isDead = false;
  assert.deepEqual([await quotas.held('queued'), await quotas.held('running')], [1, 1]);
  await assert.rejects(process.create(2), (error) => errorCode(error) === 'quota-exceeded');
  await clock.advance(60_001);
  assert.deepEqual([await quotas.held('queued'), await quotas.held('running')], [0, 0]);
  assert.equal((await process.create(3)).doc.place, 'runs');
});

test('a job that got a place while its creation was still at work keeps it', async (t) => {
  const named: (() => void)[] = [];
  /** Reads of names that are answered at once; the one behind them, by which the name is confirmed, waits. */
  let quick = Infinity;
  const storage = memoryWith('job_names', (names) => ({
    async get(id) {
      if (quick-- === 0) await new Promise<void>((resolve) => named.push(resolve));
      return names.get(id);
    },
  }));
  const { quotas, process } = await scene(t, { running: 1 }, { storage });
  const first = await process.create(1);
  quick = 1;
  const creating = process.create(2);
  await settled();
  await process.steerJob.cancel(first.id, admin);
  await settled();
  assert.equal(named.length, 1);
  named.forEach((go) => go());
  const { id } = await creating;
  await settled();
  assert.equal(await stateOf(process, id), 'Queued runs');
  assert.equal(await quotas.held('running'), 1);
});

test('time that a job waits counts for no deadline', async (t) => {
  const { clock, quotas, process } = await scene(t, { running: 1, paths: 10 });
  const first = await process.create(1);
  const second = await process.create(2, { activeDeadlineSeconds: 60, maxTotalSeconds: 100 });
  await clock.advance(3_600_000);
  assert.equal(await stateOf(process, second.id), 'Queued waits');
  await process.steerJob.cancel(first.id, admin);
  await settled();
  await process.handleShardEvent(shardStarted(second.id));
  await clock.advance(50_000);
  assert.equal(await stateOf(process, second.id), 'Running runs');
  await quotas.spend(10);
  process.quotas.pause('default', second.id);
  await clock.advance(3_600_000);
  assert.equal(await stateOf(process, second.id), 'Queued paused');
  quotas.limits.paths = null;
  await clock.advance(1_000);
  assert.equal(await stateOf(process, second.id), 'Queued runs');
  assert.equal(Math.round((await process.store.need(second.id)).doc.accumulatedSeconds), 50);
  await process.handleShardEvent(shardStarted(second.id));
  await clock.advance(51_000);
  assert.equal((await process.store.need(second.id)).doc.stopReason, 'DeadlineExceeded');
});

test('paths come back with their window: jobs that were paused go on by themselves', async (t) => {
  const { clock, quotas, process } = await scene(t, { paths: 10 }, { windowMs: 60_000 });
  const { id } = await process.create(1);
  await quotas.spend(10);
  process.quotas.pause('default', id);
  await settled();
  assert.equal(await stateOf(process, id), 'Queued paused');
  const refusal = await process.create(2).then(
    () => null,
    (error: unknown) => (error instanceof SimfleetError ? error.refusal : null),
  );
  assert.deepEqual(refusal, { policies: ['paths-a-day'], retryAfterMs: 60_000 });
  await clock.advance(61_000);
  assert.equal(await stateOf(process, id), 'Queued runs');
});

test('jobs go on under a quota that never has as much as a hundredth of its limit at a time', async (t) => {
  const { clock, quotas, process } = await scene(t, { paths: 86_400_000 }, { burst: 5_000 });
  const { id } = await process.create(1);
  await quotas.spend(6_000);
  process.quotas.pause('default', id);
  await settled();
  assert.equal(await stateOf(process, id), 'Queued paused');
  await clock.advance(10_000);
  assert.equal(await stateOf(process, id), 'Queued runs');
});

test('a job is paused however far away the next path is', async (t) => {
  const { quotas, process } = await scene(t, { paths: 1 }, { burst: 1 });
  const { id } = await process.create(1);
  await quotas.spend(1e9);
  process.quotas.pause('default', id);
  await settled();
  assert.equal(await stateOf(process, id), 'Queued paused');
  assert.match((await process.store.need(id)).doc.message ?? '', /from 9999-12-31T23:59:59\.999Z$/);
});

test('while a store is away that must not be done without, creations are refused and what runs goes on', async (t) => {
  const away = (): never => {
    throw new SimfleetError('unavailable', 'the store is away');
  };
  const broken: LimiterStore = {
    ...{ description: 'broken', shared: true, decide: away, decideOne: away, peek: away, refund: away, reset: away },
    check: async () => away(),
    close: async () => undefined,
  };
  const clock = fakeClock();
  const quotas = testQuotas({ running: 1, paths: 1000 }, { clock, store: broken });
  const storage = openMemoryStorage();
  const before = await openProcess(storage, { quotas: null, clock });
  const jobs = [await before.create(1), await before.create(2)];
  await before.stop();
  const process = await openProcess(storage, { quotas, clock });
  t.after(() => process.stop());
  await assert.rejects(process.create(3), (error) => errorCode(error) === 'unavailable');
  await process.handleShardEvent(shardStarted(jobs[0]?.id ?? ''));
  await process.steerJob.suspend(jobs[1]?.id ?? '', admin);
  await clock.advance(120_000);
  assert.equal(await stateOf(process, jobs[0]?.id ?? ''), 'Running runs');
  assert.equal(process.quotas.meter.hold('default'), null);
});

test('paths of many reports are charged together, and none are lost while the store is away', async () => {
  const clock = fakeClock();
  const inner = openMemoryLimiterStore({ clock });
  const quotas = testQuotas({ paths: 1000 }, { clock, store: inner });
  let isAway = false;
  const decide: LimiterStore['decide'] = (charges) => {
    if (isAway) throw new SimfleetError('unavailable', 'away');
    return quotas.store.decide(charges);
  };
  const source = { quotasOf: quotas.quotasOf, store: { ...quotas.store, decide } };
  const meter = openPathsMeter({ source, clock, logger: silentLogger() });
  assert.equal(meter.hold('default'), null);
  await clock.advance(1);
  for (let report = 0; report < 500; report++) meter.add('default', 1);
  await clock.advance(250);
  assert.deepEqual([quotas.asked.length, await quotas.held('paths')], [1, 500]);
  isAway = true;
  meter.add('default', 499);
  await clock.advance(2_000);
  assert.equal(meter.hold('default'), null);
  // What is left is known without asking: the last of the paths closes the gate at once.
  meter.add('default', 1);
  assert.equal(meter.hold('default'), 50);
  isAway = false;
  await clock.advance(1_000);
  assert.equal(await quotas.held('paths'), 1000);
  assert.equal(meter.hold('default'), 5_000);
  await meter.close();
});

test('a job that begins to queue waits unless it was given a place; one that stands somewhere stays there', () => {
  const queued = { state: 'Queued' } as const;
  assert.equal(placeAfter(null, queued, undefined), 'waits');
  assert.equal(placeAfter(null, queued, 'runs'), 'runs');
  assert.equal(placeAfter({ state: 'Suspended' }, queued, undefined), 'waits');
  assert.equal(placeAfter({ state: 'Queued', place: 'waits' }, { ...queued, place: 'waits' }, undefined), 'waits');
  assert.equal(placeAfter(queued, { state: 'Running' }, undefined), 'runs');
  assert.equal(placeAfter({ state: 'Running', place: 'runs' }, { state: 'Suspended', place: 'runs' }, undefined), null);
});
