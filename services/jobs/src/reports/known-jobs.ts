import { SimfleetError } from '@simfleet/contracts';
import { isOver, rulesOf } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import { effectiveSpec, engineOf } from '../jobs/job-document.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { reportPlan } from './report-plan.ts';
import type { ReportPlan } from './report-plan.ts';

/** An active job that another process folds, as far as a report of it is to be checked here. */
export interface KnownJob {
  readonly job: StoredJob;
  readonly plan: ReportPlan;
  /** Raises the length of the prefix that is known to be folded. */
  heardOf(prefix: number): void;
}

export interface KnownJobs {
  /**
   * Null when the job is over or gone, which is never said from memory; what it says of an active job may be a second old, unless `afresh`.
   * Throws `unavailable` when its engine is not here.
   */
  read(jobId: string, how?: { readonly afresh?: boolean }): Promise<KnownJob | null>;
  /** The job was written. */
  forget(jobId: string): void;
}

export interface KnownJobsParts {
  readonly store: JobStore;
  readonly engines: readonly Engine[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

const freshMs = 1000;
/** Jobs remembered; all are forgotten when there are more, which costs a read each. */
const most = 10_000;

export const openKnownJobs = ({ store, engines, clock }: KnownJobsParts): KnownJobs => {
  const known = new Map<string, { readonly at: number; readonly job: KnownJob }>();

  const make = (job: StoredJob): KnownJob => {
    const engine = engineOf(job.doc, engines);
    if (engine === null) throw new SimfleetError('unavailable', 'this replica does not have the engine of the job');
    const rules = rulesOf(effectiveSpec(job.doc), engine, { blockSize: job.doc.service.blockSize });
    let prefix = 0;
    return {
      job,
      plan: reportPlan(rules, () => prefix),
      heardOf: (length) => void (prefix = Math.max(prefix, length)),
    };
  };

  return {
    async read(jobId, { afresh = false } = {}) {
      const before = known.get(jobId);
      const at = clock.monotonic();
      if (!afresh && before !== undefined && at - before.at < freshMs) return before.job;
      const job = await store.collection.get(jobId);
      if (job === null || isOver(job.doc)) {
        known.delete(jobId);
        return null;
      }
      if (known.size >= most) known.clear();
      const isSame = before?.job.job.version === job.version;
      const entry = isSame ? before.job : make(job);
      known.set(jobId, { at, job: entry });
      return entry;
    },
    forget: (jobId) => void known.delete(jobId),
  };
};
