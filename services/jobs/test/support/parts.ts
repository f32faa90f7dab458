import { randomBytes } from 'node:crypto';
import { openMemoryBus } from '@simfleet/bus/memory';
import { createJob } from '@simfleet/contracts';
import { cursorKey, createCursorCodec } from '@simfleet/http';
import { createTracing } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import { openLeases } from '@simfleet/storage';
import type { Storage } from '@simfleet/storage';
import { silentLogger } from '@simfleet/testing';
import { assemble } from '../../src/assemble.ts';
import type { Parts } from '../../src/assemble.ts';
import type { StoredJob } from '../../src/jobs/job-document.ts';
import { takeUpJobs } from '../../src/jobs/take-up-jobs.ts';
import { holdPolicies } from '../../src/limits/policies-in-force.ts';
import type { QuotaSource } from '../../src/quotas/quota-source.ts';
import type { ShardEvent } from '../../src/shards/handle-shard-event.ts';
import { smallEngine } from './small-engine.ts';

/** The use cases of one process of the service, without HTTP, relay and shards. */
export interface Process extends Parts {
  /** Creates a job of the default customer. */
  create(number: number, spec?: Readonly<Record<string, unknown>>): Promise<StoredJob>;
  stop(): Promise<void>;
}

export const admin = { id: 'admin', kind: 'user', customers: '*' } as const;

const smallSpec = {
  ...{ serviceRef: { name: 'small-engine' }, parameters: { level: 10, spread: 1 } },
  maxPaths: '3050',
};

export const openProcess = async (
  storage: Storage,
  { quotas, clock }: { readonly quotas: QuotaSource | null; readonly clock: Clock },
): Promise<Process> => {
  const logger = silentLogger();
  const leases = await openLeases({ storage, clock, logger });
  const bus = openMemoryBus();
  const parts = await assemble({
    ...{ storage, bus, leases, clock, logger, quotas, tracing: createTracing(), limits: holdPolicies() },
    engines: [smallEngine()],
    cursors: createCursorCodec({ keys: [cursorKey(1, randomBytes(32))], clock }),
    ...{ platformVersion: '0', slots: 2, containerServices: false, onShadowed: () => undefined },
  });
  await parts.customers.seed();
  await parts.catalogue.seed();
  await takeUpJobs(parts, logger);
  const endTurns = await parts.quotas.start();
  return {
    ...parts,
    create: (number, spec = {}) =>
      parts.createJob({
        input: createJob.parse({ spec: { ...smallSpec, ...spec } }),
        principal: admin,
        effectId: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
      }),
    async stop() {
      await endTurns();
      await parts.quotas.meter.close();
      parts.timers.stop();
      await parts.live.close();
      await leases.close();
      await bus.close();
    },
  };
};

/** What an executor tells when the first shard of a job runs. */
export const shardStarted = (jobId: string, generation = 1): ShardEvent => ({
  ...envelope,
  id: jobId,
  type: 'dev.simfleet.shard.started.v1',
  data: { jobId, customer: 'default', generation, shard: 0, attempt: 1 },
});

const envelope = {
  specversion: '1.0',
  source: '/test',
  sourceversion: 1,
  time: '2026-01-01T00:00:00.000Z',
  customer: 'default',
  datacontenttype: 'application/json',
} as const;

/** What an executor tells when an attempt of a shard was killed. */
export const shardEnded = (jobId: string, shard: number, attempt: number): ShardEvent => ({
  ...envelope,
  id: `${jobId}-${shard}`,
  type: 'dev.simfleet.shard.ended.v1',
  data: {
    ...{ jobId, customer: 'default', generation: 1, shard, attempt },
    ...{ exitCode: null, signal: 'SIGKILL', exhausted: false, message: '' },
  },
});
