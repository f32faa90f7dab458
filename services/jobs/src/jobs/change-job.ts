import { SimfleetError, jobSpec, labels as labelsShape, mutableMembers, removableMembers } from '@simfleet/contracts';
import type { ExtendJob, JobSpec, Mistake, Principal } from '@simfleet/contracts';
import {
  canonicalJson,
  changeSpec,
  extend,
  extendSpec,
  isOver,
  refuseSteering,
  resume,
  suspend,
} from '@simfleet/domain';
import type { Engine, SpecPatch } from '@simfleet/domain';
import { mistakesOf } from '@simfleet/http';
import type { Clock } from '@simfleet/runtime';
import type { z } from 'zod';
import type { Audit } from '../audit/audit.ts';
import { mergePatch } from '../merge-patch.ts';
import { metricMistakes } from './check-spec.ts';
import { engineOf, recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import { refuseChange, refuseForeignResource, refuseOrphan } from './job-ownership.ts';
import type { GivenPlace } from '../quotas/place.ts';
import type { JobQuotas } from '../quotas/quotas.ts';
import { ifItStandsNowhere, withPlace } from '../quotas/with-place.ts';
import type { GiveUp } from './give-up.ts';
import type { JobStore } from './job-store.ts';
import type { SteerJob } from './steer-job.ts';

export interface ChangeJobParts {
  readonly store: JobStore;
  readonly steer: SteerJob;
  readonly engines: readonly Engine[];
  readonly giveUp: GiveUp;
  readonly audit: Audit;
  readonly quotas: Pick<JobQuotas, 'askPlace' | 'settle'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** JSON merge patch (RFC 7396) of a job. */
export interface JobPatch {
  readonly labels?: Readonly<Record<string, unknown>> | undefined;
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
  /** Null: the resource that the job came from is gone. */
  readonly resource?: null | undefined;
}

export interface ChangeJob {
  /** Throws `not-found`, `invalid-request`, `immutable`, `job-over`, `owned-by-resource`, `forbidden` for `resource`, and what `check` throws. */
  patch(id: string, patch: JobPatch, principal: Principal, check?: (version: number) => void): Promise<StoredJob>;
  /** Gives the job wider bounds. Throws `not-found`, `immutable`, `job-over`, `owned-by-resource`, `engine-unavailable`, and what `check` throws. */
  extend(id: string, bounds: ExtendJob, principal: Principal, check?: (version: number) => void): Promise<StoredJob>;
}

const mutable: ReadonlySet<string> = new Set(mutableMembers satisfies readonly (keyof SpecPatch)[]);
const removable: ReadonlySet<string> = new Set(removableMembers);

export const openChangeJob = ({ store, steer, engines, giveUp, audit, quotas, clock }: ChangeJobParts): ChangeJob => {
  const change = async (
    id: string,
    by: Principal,
    action: string,
    decide: (job: JobDocument, now: number) => JobDocument,
    check: ((version: number) => void) | undefined,
    given: GivenPlace | null,
  ): Promise<StoredJob> => {
    const job = await store.change(
      id,
      (before, version) => {
        const now = clock.now();
        const after = decide(before, now);
        if (canonicalJson(after) === canonicalJson(before)) return null;
        const doc = recorded(before, after, { by, now, message: null, ...ifItStandsNowhere(before, given) });
        return { doc, events: [jobChanged(id, doc, version, timeText(now))] };
      },
      check,
    );
    await audit.write({
      principal: by,
      customer: job.doc.customer,
      action,
      subject: `jobs/${id}`,
      since: job.doc.createdAt,
      version: job.version,
    });
    return job;
  };

  const patched = (before: JobDocument, patch: JobPatch, by: Principal, now: number): JobDocument => {
    refuseForeignResource(patch.resource, by);
    refuseChange(before, by);
    const job = patch.resource === null ? withoutResource(before) : before;
    const labels =
      patch.labels === undefined ? job.labels : parsed('/labels', labelsShape, mergePatch(job.labels, patch.labels));
    const wanted = wantedSpec(job.spec, patch.spec ?? {});
    if (isOver(job)) refuseSteering(wanted);
    const { suspend: suspended, cancelled: _cancelled, ...rest } = wanted;
    const relabelled = { ...job, labels };
    const changed = applied(relabelled, changeSpec(job.spec, rest));
    const steered = suspended === undefined ? changed : suspended ? suspend(changed, now) : resume(changed);
    return Object.keys(wanted).length === 0 ? steered : { ...steered, generation: job.generation + 1 };
  };

  /** The job with a changed spec; wider bounds begin a new run. */
  const applied = (job: JobDocument, { spec, widened }: ReturnType<typeof changeSpec>): JobDocument => {
    const engine = engineOf(job, engines);
    const mistakes = engine === null ? [] : metricMistakes(spec, engine);
    if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'the change has mistakes', { mistakes });
    const exhaustedShards = job.exhaustedShards.filter((shard) => shard < spec.shards);
    if (!widened) return { ...job, spec, exhaustedShards };
    refuseOrphan(job);
    if (engine === null) throw engineGone(job);
    return {
      ...extend(job, spec),
      ...earlierBounds(job, spec),
      run: job.run + 1,
      exhaustedShards: [],
      result: null,
      blocksReported: 0,
      message: null,
    };
  };

  return {
    async patch(id, patch, principal, check) {
      const decide = (before: JobDocument, now: number): JobDocument => patched(before, patch, principal, now);
      const changeTo = (given: GivenPlace | null): Promise<StoredJob> =>
        change(id, principal, 'jobs.change', decide, check, given);
      const job = mayQueue(patch) ? await withPlace({ store, quotas }, id, changeTo) : await changeTo(null);
      return patch.spec?.['cancelled'] === true ? steer.cancel(id, principal) : giveUp(job);
    },
    extend(id, bounds, principal, check) {
      const decide = (before: JobDocument): JobDocument => {
        refuseChange(before, principal);
        const after = applied(before, extendSpec(before.spec, bounds));
        return after.run === before.run ? after : { ...after, generation: before.generation + 1 };
      };
      return withPlace({ store, quotas }, id, (given) => change(id, principal, 'jobs.extend', decide, check, given));
    },
  };
};

/** Whether the job may queue after the change that did not before: resumed, or given wider bounds after its end. */
const mayQueue = ({ spec = {} }: JobPatch): boolean =>
  spec['suspend'] === false || spec['maxPaths'] !== undefined || spec['precision'] !== undefined;

const withoutResource = ({ resource: _gone, ...job }: JobDocument): JobDocument => job;

/** Earlier bounds that are kept: shards of older runs than these are long gone. */
const keptBounds = 16;

const earlierBounds = (job: JobDocument, { maxPaths }: JobSpec): Pick<JobDocument, 'earlierMaxPaths'> => {
  const before = job.spec.maxPaths;
  if (before === undefined || before === maxPaths) return {};
  return { earlierMaxPaths: [...(job.earlierMaxPaths ?? []), before].slice(-keptBounds) };
};

const engineGone = ({ service }: JobDocument): SimfleetError =>
  new SimfleetError('engine-unavailable', `the job is bound to a build of engine "${service.engine}" that is not here`);

/** The members that a merge patch changes. Throws `invalid-request` for a spec out of shape, `immutable` for members that stay. */
const wantedSpec = (before: JobSpec, patch: Readonly<Record<string, unknown>>): SpecPatch => {
  const after = parsed('/spec', jobSpec, mergePatch(before, patch));
  const changed = (Object.keys(jobSpec.shape) as (keyof JobSpec)[]).filter(
    (member) => canonicalJson(before[member] ?? null) !== canonicalJson(after[member] ?? null),
  );
  const mistakes: Mistake[] = changed
    .filter((member) => !mutable.has(member) || (after[member] === undefined && !removable.has(member)))
    .map((member) => ({ pointer: `/spec/${member}`, detail: 'cannot change after creation' }));
  if (before.cancelled && !after.cancelled) mistakes.push({ pointer: '/spec/cancelled', detail: 'is one way' });
  if (mistakes.length > 0) throw new SimfleetError('immutable', 'these members cannot change', { mistakes });
  return Object.fromEntries(changed.map((member) => [member, after[member] ?? null]));
};

const parsed = <Shape extends z.ZodType>(base: string, shape: Shape, value: unknown): z.infer<Shape> => {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const mistakes = mistakesOf('body', shape, result.error.issues).map(({ pointer, detail }) => ({
    pointer: `${base}${pointer}`,
    detail,
  }));
  throw new SimfleetError('invalid-request', 'the change has mistakes', { mistakes });
};
