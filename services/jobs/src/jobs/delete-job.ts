import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Audit } from '../audit/audit.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LiveLog } from '../live/live-log.ts';
import type { JobTokens } from '../reports/job-tokens.ts';
import { timeText } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobNames } from './job-names.ts';
import { owned } from './job-ownership.ts';
import type { JobStore } from './job-store.ts';

export interface DeleteJobParts {
  readonly store: JobStore;
  readonly names: JobNames;
  readonly tokens: JobTokens;
  readonly ledger: Ledger;
  readonly live: LiveLog;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
}

export interface DeleteJob {
  /** Throws `not-found`, `job-not-over`, `owned-by-resource` while the resource that it came from is there, and what `check` throws. */
  delete(id: string, principal: Principal, check?: (version: number) => void): Promise<void>;
  /** Removes what belonged to a job whose record is gone. Idempotent: driven by the event, so that a crash leaves nothing behind. */
  clearAway(job: { readonly jobId: string; readonly customer: string; readonly name: string }): Promise<void>;
}

export const openDeleteJob = (parts: DeleteJobParts): DeleteJob => {
  const { store, names, tokens, ledger, live, audit, clock } = parts;
  return {
    async delete(id, principal, check) {
      const job = await store.need(id);
      check?.(job.version);
      if (!isOver(job.doc))
        throw new SimfleetError('job-not-over', 'the job is not over: cancel it before you delete it');
      if (job.doc.resource !== undefined) throw owned(job.doc.resource);
      const version = job.version + 1;
      try {
        await store.delete(job, [jobChanged(id, job.doc, version, timeText(clock.now()), true)]);
      } catch (error) {
        if (errorCode(error) !== 'version-conflict') throw error;
        throw new SimfleetError('version-conflict', 'the job changed meanwhile: read it again', { cause: error });
      }
      const { customer, name } = job.doc;
      await names.release({ customer, name, jobId: id });
      await audit.write({
        principal,
        customer,
        action: 'jobs.delete',
        subject: `jobs/${id}`,
        since: job.doc.createdAt,
        version,
      });
    },
    async clearAway({ jobId, customer, name }) {
      await names.release({ customer, name, jobId });
      await tokens.forget(jobId);
      await live.drop(jobId);
      await ledger.drop(jobId);
    },
  };
};
