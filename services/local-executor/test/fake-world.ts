import { randomUUID } from 'node:crypto';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { EventType, JobChanged, SimfleetEvent } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { createTracing } from '@simfleet/runtime';
import { fakeClock, silentLogger } from '@simfleet/testing';
import { openExecutor } from '../src/executor.ts';
import { openOutputLog } from '../src/output/output-log.ts';
import type { WarmPool } from '../src/pool/warm-pool.ts';
import type { AssignmentEnd, OutputStream, WorkerProcess } from '../src/pool/worker-process.ts';
import { runCollection } from '../src/runs/run-document.ts';
import type { RunDocument } from '../src/runs/run-document.ts';
import type { Assignment } from '../src/shard-process/messages.ts';

/** Lets everything that can go on without time do so. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
};

/** A shard process that does what the test says. */
export interface FakeShard {
  readonly assignment: Assignment;
  readonly line: (stream: OutputStream, text: string) => void;
  released: boolean;
  end(exitCode: number | null, more?: Partial<AssignmentEnd>): Promise<void>;
}

/** A pool without processes. `polite` shards leave at once when asked to. */
const openFakePool = (polite: boolean) => {
  const shards: FakeShard[] = [];
  const worker = (): WorkerProcess => {
    let current: FakeShard | null = null;
    return {
      ...{ pid: 1, ready: Promise.resolve(), gone: Promise.resolve(), usable: true, kill: () => undefined },
      assign(assignment, line) {
        const ended = Promise.withResolvers<AssignmentEnd>();
        const shard: FakeShard = {
          assignment,
          line,
          released: false,
          async end(exitCode, more = {}) {
            shards.splice(shards.indexOf(shard), 1);
            ended.resolve({
              exitCode,
              signal: exitCode === null ? 'SIGKILL' : null,
              message: 'as told',
              accepted: 0,
              ...more,
            });
            await settle();
          },
        };
        current = shard;
        shards.push(shard);
        return ended.promise;
      },
      release() {
        if (current === null) return;
        current.released = true;
        if (polite) void current.end(143);
      },
    };
  };
  const pool: WarmPool = {
    take: async () => worker(),
    give: () => undefined,
    pids: [],
    failures: 0,
    async close() {
      for (const shard of [...shards]) await shard.end(143);
    },
  };
  return { pool, shards };
};

export interface WorldOptions {
  readonly slots?: number;
  readonly polite?: boolean;
  readonly storage?: Storage;
  readonly acceptToken?: () => boolean;
  /** Whether this executor holds the lease. */
  readonly isActive?: () => boolean;
}

/** The executor on a memory store and bus, with shards that do what the test says. */
export const openWorld = async ({
  slots = 2,
  polite = true,
  storage = openMemoryStorage(),
  acceptToken = () => true,
  isActive = () => true,
}: WorldOptions = {}) => {
  const clock = fakeClock();
  const logger = silentLogger();
  const advance = async (ms: number): Promise<void> => {
    await settle();
    await clock.advance(ms);
    await settle();
  };
  const { pool, shards } = openFakePool(polite);
  const bus = openMemoryBus();
  const tracing = createTracing();
  const registered: string[] = [];
  await bus.answer('jobs.register-token', async ({ jobId }) => {
    registered.push(jobId);
    return { accepted: acceptToken() };
  });
  const tokens = new Map<string, string>();
  const collection = await storage.collection<RunDocument>(runCollection);
  const executor = openExecutor({
    ...{ bus, clock, logger, random: () => 0, pool, collection, slots, isActive, tracing },
    output: openOutputLog({ log: storage.log, clock, logger, session: randomUUID(), keptBytes: 4096 }),
    tokens: {
      open: async (jobId) => {
        if (!tokens.has(jobId)) tokens.set(jobId, `${jobId}.${tokens.size}`);
        return { file: `/tokens/${tokens.get(jobId)}`, sha256: 'a'.repeat(64) };
      },
      remove: async (jobId) => void tokens.delete(jobId),
      keepOnly: async (jobIds) =>
        [...tokens.keys()].filter((jobId) => !jobIds.has(jobId)).forEach((jobId) => tokens.delete(jobId)),
    },
    events: { newId: randomUUID, now: () => clock.now(), trace: () => tracing.current() },
    url: () => 'http://127.0.0.1:1',
  });
  const versions = new Map<string, number>();
  /** The job changes; returns once the executor has seen it. */
  const change = async (jobId: string, more: Partial<JobChanged> = {}, version?: number): Promise<void> => {
    const sourceversion = version ?? (versions.get(jobId) ?? 0) + 1;
    versions.set(jobId, Math.max(sourceversion, versions.get(jobId) ?? 0));
    const written = executor.obey(jobChanged(jobId, sourceversion, more));
    await settle();
    await written;
    await settle();
  };
  const events = async (): Promise<readonly SimfleetEvent<EventType>[]> =>
    (await storage.outbox.pending(1000)).map(({ event }) => event);
  const running = (): string =>
    shards
      .map(({ assignment }) => `${assignment.jobId}/${assignment.shard}`)
      .sort()
      .join(' ');
  return {
    executor,
    shards,
    clock,
    advance,
    change,
    events,
    running,
    storage,
    collection,
    registered,
    tokens,
    tracing,
  };
};

export const jobChanged = (
  jobId: string,
  sourceversion: number,
  more: Partial<JobChanged> = {},
): SimfleetEvent<'dev.simfleet.job.changed.v1'> => ({
  ...{ specversion: '1.0', id: `${jobId}.${sourceversion}`, source: `/jobs/${jobId}`, sourceversion },
  ...{ type: 'dev.simfleet.job.changed.v1', time: '2026-01-01T00:00:00.000Z', datacontenttype: 'application/json' },
  customer: more.customer ?? 'default',
  data: {
    ...{ jobId, name: jobId, customer: 'default', state: 'Queued', stopReason: null, desired: 'run', shards: 1 },
    ...{ backoffLimitPerIndex: 2, generation: 1, deleted: false },
    ...more,
  },
});
