import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import type { FakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import type { StoredJob } from '../src/jobs/job-document.ts';
import { hasPlace } from '../src/quotas/place.ts';
import { admin, openProcess, shardStarted } from './support/parts.ts';
import type { Process } from './support/parts.ts';
import { testQuotas } from './support/quotas.ts';
import type { TestQuotas } from './support/quotas.ts';

/** What people and machines do; `job` picks one of those that are there. */
type Step =
  | { readonly kind: 'create'; readonly count: number }
  | { readonly kind: 'start' | 'suspend' | 'resume' | 'cancel' | 'end'; readonly job: number }
  | { readonly kind: 'limit'; readonly limit: number | null }
  | { readonly kind: 'restart' }
  | { readonly kind: 'lose-counts' }
  | { readonly kind: 'die-while-creating' };

const job = fc.nat(30);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('create' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('start', 'suspend', 'resume', 'cancel', 'end'), job }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: 'restart' }, { kind: 'lose-counts' }, { kind: 'die-while-creating' }),
  },
);

const older = (a: StoredJob, b: StoredJob): number =>
  a.doc.createdAt < b.doc.createdAt || (a.doc.createdAt === b.doc.createdAt && a.id < b.id) ? -1 : 1;

/** Follows every write, and finds what must not be. */
class Witness {
  readonly jobs = new Map<string, StoredJob>();
  readonly faults: string[] = [];
  readonly #limit: () => number | null;

  constructor(limit: () => number | null) {
    this.#limit = limit;
  }

  watch({ store }: Process): void {
    store.onSaved((id, job) => {
      const before = this.jobs.get(id);
      if (job === null) this.jobs.delete(id);
      else this.jobs.set(id, job);
      if (job === null || !hasPlace(job.doc) || (before !== undefined && hasPlace(before.doc))) return;
      const limit = this.#limit();
      if (limit !== null && this.running > limit) this.faults.push(`${id} is one of ${this.running} of ${limit}`);
      if (before?.doc.place !== 'waits') return;
      const [first] = this.waiting;
      if (first !== undefined && older(first, job) < 0) this.faults.push(`${id} overtook ${first.id}`);
    });
  }

  get running(): number {
    return [...this.jobs.values()].filter(({ doc }) => hasPlace(doc)).length;
  }

  get waiting(): readonly StoredJob[] {
    return [...this.jobs.values()].filter(({ doc }) => doc.place === 'waits').sort(older);
  }
}

interface Scene {
  readonly clock: FakeClock;
  readonly quotas: TestQuotas;
  process: Process;
  readonly open: () => Promise<Process>;
  created: number;
  readonly witness: Witness;
}

const refusals = new Set(['job-over', 'not-found', 'version-conflict']);
const mayBeRefused = async (work: Promise<unknown>): Promise<void> => {
  await work.catch((error: unknown) => {
    if (!refusals.has(errorCode(error) ?? '')) throw error;
  });
};

const take = async (scene: Scene, each: Step): Promise<void> => {
  const { quotas, process, witness } = scene;
  if (each.kind === 'create') {
    const numbers = Array.from({ length: each.count }, () => (scene.created += 1));
    await Promise.all(numbers.map((number) => process.create(number)));
  } else if (each.kind === 'limit') quotas.limits.running = each.limit;
  else if (each.kind === 'restart') {
    await process.stop();
    scene.process = await scene.open();
  } else if (each.kind === 'lose-counts') {
    for (const { rule } of quotas.quotasOf('default').running) await quotas.store.reset(rule, 'customer:default');
  } else if (each.kind === 'die-while-creating') {
    await process.quotas.askPlace('default', `job-that-never-came-${scene.created}`);
  } else {
    const ids = [...witness.jobs.keys()];
    const id = ids[each.job % Math.max(1, ids.length)];
    if (id === undefined) return;
    if (each.kind === 'start') await process.handleShardEvent(shardStarted(id));
    else if (each.kind === 'end') await process.endJob(id, { reason: 'BadInput', message: null, by: admin });
    else await mayBeRefused(process.steerJob[each.kind](id, admin));
  }
};

/** Both find room in the records, while the store knows nothing. */
const startsAtOnce: Step[] = [
  { kind: 'create', count: 2 },
  { kind: 'start', job: 0 },
  { kind: 'end', job: 0 },
  { kind: 'lose-counts' },
  { kind: 'create', count: 2 },
];

/** The second waits, and gets its turn before the record of the first is there. */
const turnDuringStart: Step[] = [
  { kind: 'create', count: 2 },
  { kind: 'suspend', job: 0 },
  { kind: 'restart' },
  { kind: 'lose-counts' },
  { kind: 'create', count: 2 },
];

test('never more jobs run than may, nobody waits where there is room, and the oldest is first', async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const clock = fakeClock();
      const storage = openMemoryStorage();
      const quotas = testQuotas({ running: 2, queued: 1000 }, { clock, store: openMemoryLimiterStore({ clock }) });
      const witness = new Witness(() => quotas.limits.running);
      const open = async (): Promise<Process> => {
        const process = await openProcess(storage, { quotas, clock });
        witness.watch(process);
        return process;
      };
      const scene: Scene = { clock, quotas, open, witness, created: 0, process: await open() };
      for (const each of all) {
        await take(scene, each);
        await settle(scene);
        const limit = quotas.limits.running;
        const { running, waiting, faults } = witness;
        assert.deepEqual(faults, []);
        const isFull = limit !== null && running >= limit;
        assert.ok(waiting.length === 0 || isFull, `${waiting.length} wait where ${running} of ${limit} run`);
      }
      await scene.process.stop();
    }),
    { numRuns: 60, examples: [[startsAtOnce], [turnDuringStart]] },
  );
});

/** Longer than the store is believed against the records, and than a renewal is away. */
const settle = async ({ clock }: Scene): Promise<void> => {
  for (let seconds = 0; seconds < 8; seconds++) await clock.advance(1_000);
};
