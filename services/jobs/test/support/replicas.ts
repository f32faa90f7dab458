import { createJob, jobSpec, serviceSpec } from '@simfleet/contracts';
import { createTracing } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { Collection, Document, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import { openClaims } from '../../src/claims.ts';
import { customersCollection, openCustomers } from '../../src/customers/customers.ts';
import type { CustomerDocument, Customers } from '../../src/customers/customers.ts';
import { openCreateJob } from '../../src/jobs/create-job.ts';
import { jobsCollection } from '../../src/jobs/job-document.ts';
import type { JobDocument, StoredJob } from '../../src/jobs/job-document.ts';
import { jobChanged } from '../../src/jobs/job-events.ts';
import { namesCollection, openJobNames } from '../../src/jobs/job-names.ts';
import type { JobNames, NameDocument } from '../../src/jobs/job-names.ts';
import { openJobStore } from '../../src/jobs/job-store.ts';
import type { JobStore } from '../../src/jobs/job-store.ts';
import { openNameUses } from '../../src/jobs/name-uses.ts';
import { openPrepareJob } from '../../src/jobs/prepare-job.ts';
import type { SchemaCache } from '../../src/jobs/prepare-job.ts';
import { openWithdrawUnlessNamed } from '../../src/jobs/withdraw-job.ts';
import { unlimited } from '../../src/quotas/ask-place.ts';
import { openCatalogue } from '../../src/services/catalogue.ts';
import type { Catalogue } from '../../src/services/catalogue.ts';
import { serviceVersionsCollection, servicesCollection } from '../../src/services/service-document.ts';
import type { ServiceDocument } from '../../src/services/service-document.ts';
import { stepped } from './interleave.ts';
import type { Turns } from './interleave.ts';
import { smallEngine } from './small-engine.ts';

/** What one replica does with names, customers and the catalogue; no HTTP, no shards. */
export interface Replica {
  readonly customers: Customers;
  readonly catalogue: Catalogue;
  readonly names: JobNames;
  readonly store: JobStore;
  /** Creates a job of customer `acme` and service `mine`. */
  create(effectId: string, name?: string): Promise<StoredJob>;
  /** Deletes the job, whatever its state, as `DELETE /v1/jobs/{id}` does. */
  deleteJob(id: string): Promise<void>;
  /** What the consumer of `job.changed` does. */
  handleEvents(): Promise<void>;
}

export interface Replicas {
  readonly storage: Storage;
  /** A replica that waits for its turn at each operation. */
  replica(client: number): Promise<Replica>;
  /** One that does not wait, for preparing and checking. */
  readonly direct: Replica;
}

const admin = { id: 'admin', kind: 'user', customers: '*', actions: '*' } as never;
const engine = smallEngine();

/** Creation asks for a sleep while a deletion is under way: a turn that the others may use. Time passes fast, so that patience ends soon. */
const steppedClock = (turn: () => Promise<void>): Clock => {
  const inner = fakeClock();
  let slept = 0;
  return {
    now: () => inner.now(),
    monotonic: () => slept * 700,
    after: (ms, callback) => inner.after(ms, callback),
    async sleep() {
      slept += 1;
      await turn();
    },
  };
};

export interface ReplicasOptions {
  readonly turns: Turns;
  /** Whether each replica takes all the others for dead, though they may be paused only: what is left then must be right all the same. */
  readonly isSuspicious: boolean;
  /** Shared by many stores: compiling takes longer than all the rest. */
  readonly schemas: SchemaCache;
}

/** Replicas on one store, which has customer `acme` and service `mine`. */
export const openReplicas = async ({ turns, isSuspicious, schemas }: ReplicasOptions): Promise<Replicas> => {
  const storage = openMemoryStorage();

  const replica = async (
    owner: string,
    turn: (isPause?: boolean) => Promise<void>,
    isDead: () => Promise<boolean>,
  ): Promise<Replica> => {
    const open = async <Doc extends Document>(declaration: Parameters<Storage['collection']>[0]) =>
      stepped(await storage.collection<Doc>(declaration), turn) satisfies Collection<Doc>;
    const clock = steppedClock(() => turn(true));
    const store = openJobStore(await open<JobDocument>(jobsCollection), createTracing());
    const claims = openClaims({ clock, owner, isDead });
    const collection = await open<NameDocument>(namesCollection);
    const names = openJobNames(collection, store, claims);
    const usesOf = openNameUses({ collection, names, store });
    const shared = { claims, clock, usesOf };
    const customers = openCustomers({ collection: await open<CustomerDocument>(customersCollection), ...shared });
    const services = await open<ServiceDocument>(servicesCollection);
    const versions = await open<ServiceDocument>(serviceVersionsCollection);
    const catalogue = openCatalogue({ services, versions, engines: [engine], ...shared });
    const prepare = openPrepareJob({ customers, catalogue, engines: [engine], containerServices: false, schemas });
    const withdrawUnlessNamed = openWithdrawUnlessNamed({ store, names, clock });
    const audit = { write: async () => undefined };
    const createJobCase = openCreateJob({
      ...{ store, names, prepare, customers, catalogue, withdrawUnlessNamed, audit, clock },
      quotas: { enterQueue: async () => undefined, askPlace: async () => unlimited, settle: async () => undefined },
    });
    return {
      customers,
      catalogue,
      names,
      store,
      create: (effectId, name = 'a-job') =>
        createJobCase({
          input: createJob.parse({ customer: 'acme', name, spec: wantedSpec }),
          principal: admin,
          effectId,
        }),
      async deleteJob(id) {
        const job = await store.need(id);
        await store.delete(job, [jobChanged(id, job.doc, job.version + 1, job.doc.createdAt, true)]);
        await names.release({ customer: job.doc.customer, name: job.doc.name, jobId: id });
      },
      async handleEvents() {
        for (const pending of await storage.outbox.pending(100)) {
          const { event } = pending;
          if (event.type === 'dev.simfleet.job.changed.v1') {
            if (event.data.deleted) await names.release(event.data);
            else if (event.sourceversion === 1) await withdrawUnlessNamed(event.data.jobId);
          }
          await storage.outbox.markPublished([pending]);
        }
      },
    };
  };

  const direct = await replica(
    'direct',
    async () => undefined,
    async () => true,
  );
  await direct.customers.create('acme', { displayName: 'Acme', labels: {}, services: null });
  await direct.catalogue.create({ name: 'mine', labels: {}, spec: serviceSpec.parse({ engine: engine.name }) });
  return {
    storage,
    direct,
    replica: (client) =>
      replica(
        `replica-${client}`,
        (isPause) => turns.turn(client, isPause),
        async () => isSuspicious,
      ),
  };
};

const wantedSpec = jobSpec.parse({
  serviceRef: { name: 'mine' },
  parameters: { level: 10, spread: 1 },
  seed: '7',
  maxPaths: '3050',
});
