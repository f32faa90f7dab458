import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { ExtendJob, JobResource, Principal, RequestBody } from '@simfleet/contracts';
import { cancel, canonicalJson, extend, extendSpec, isOver, resume, suspend } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Audit } from '../audit/audit.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import type { JobStore } from './job-store.ts';

export interface SteerResourceParts {
  readonly store: JobStore;
  readonly bus: Pick<Bus, 'request'>;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
}

export interface OwnedJob {
  readonly job: StoredJob;
  readonly resource: JobResource;
  readonly by: Principal;
}

/**
 * Steers a job through the resource that it comes from: the operator changes that, and its change of the job follows. Answers the job once it did, or as
 * it is after some seconds. Throws `job-over`, `immutable`, `owned-by-resource` with the cluster's reason, and `unavailable` without an operator.
 */
export interface SteerResource {
  suspend(owned: OwnedJob): Promise<StoredJob>;
  resume(owned: OwnedJob): Promise<StoredJob>;
  cancel(owned: OwnedJob): Promise<StoredJob>;
  extend(owned: OwnedJob, bounds: ExtendJob): Promise<StoredJob>;
}

type SpecPatch = RequestBody<'operator.patch-resource'>['patch'];

interface Step {
  readonly action: string;
  readonly patch: SpecPatch;
  readonly hasCome: (job: JobDocument) => boolean;
}

/** From the accepted change of the resource to that of the job it takes two requests. */
const awaitMs = 5_000;
const lookEveryMs = 50;

export const openSteerResource = ({ store, bus, audit, clock }: SteerResourceParts): SteerResource => {
  const ask = async (resource: JobResource, patch: SpecPatch): Promise<void> => {
    const { accepted, message } = await bus.request('operator.patch-resource', { resource, patch });
    const { namespace, name } = resource;
    if (!accepted) throw new SimfleetError('owned-by-resource', `SimulationJob ${namespace}/${name}: ${message}`);
  };

  const awaitChange = async (id: string, hasCome: Step['hasCome']): Promise<StoredJob> => {
    const until = clock.monotonic() + awaitMs;
    for (;;) {
      const job = await store.need(id);
      if (hasCome(job.doc) || clock.monotonic() >= until) return job;
      await clock.sleep(lookEveryMs);
    }
  };

  const steer = async ({ job, resource, by }: OwnedJob, { action, patch, hasCome }: Step): Promise<StoredJob> => {
    if (hasCome(job.doc)) return job;
    await ask(resource, patch);
    const steered = await awaitChange(job.id, hasCome);
    const { customer, createdAt } = steered.doc;
    const { version } = steered;
    await audit.write({ principal: by, customer, action, subject: `jobs/${job.id}`, since: createdAt, version });
    return steered;
  };

  return {
    async suspend(owned) {
      suspend(owned.job.doc, clock.now());
      const hasCome = (job: JobDocument): boolean => job.spec.suspend || isOver(job);
      return steer(owned, { action: 'jobs.suspend', patch: { suspend: true }, hasCome });
    },
    async resume(owned) {
      resume(owned.job.doc);
      const hasCome = (job: JobDocument): boolean => !job.spec.suspend || isOver(job);
      return steer(owned, { action: 'jobs.resume', patch: { suspend: false }, hasCome });
    },
    async cancel(owned) {
      cancel(owned.job.doc, clock.now());
      return steer(owned, { action: 'jobs.cancel', patch: { cancelled: true }, hasCome: isOver });
    },
    async extend(owned, bounds) {
      const before = owned.job.doc;
      const { maxPaths, precision } = extend(before, extendSpec(before.spec, bounds).spec).spec;
      const wanted = canonicalJson([maxPaths ?? null, precision ?? null]);
      const hasCome = ({ spec }: JobDocument): boolean =>
        canonicalJson([spec.maxPaths ?? null, spec.precision ?? null]) === wanted;
      const patch = {
        ...(bounds.maxPaths === undefined || maxPaths === undefined ? {} : { maxPaths }),
        ...(precision === undefined || (bounds.relativeError ?? bounds.absoluteError) === undefined
          ? {}
          : { precision }),
      };
      return steer(owned, { action: 'jobs.extend', patch, hasCome });
    },
  };
};
