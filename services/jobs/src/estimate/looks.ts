import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { JobLook, ReplyBody, RequestBody } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Leases } from '@simfleet/storage';
import type { StoredJob } from '../jobs/job-document.ts';
import type { Coordinator } from './coordinator.ts';
import type { Coordinators } from './coordinators.ts';
import { leaseOf } from './lease-name.ts';

/** What is known of a job that is about to end. */
export interface Findings {
  readonly look: JobLook | null;
  /** Set where this process folds the job: only then is a digest to be had. */
  readonly coordinator: Coordinator | null;
}

/** What is known of active jobs, whichever process folds them. */
export interface Looks {
  /** Jobs that are folded somewhere; none is folded just to be listed. One question to each process that folds some of them. */
  page(jobs: readonly StoredJob[]): Promise<ReadonlyMap<string, JobLook>>;
  /** One job; it is folded when nobody does, and shows nothing when the process that folds it does not answer. */
  one(job: StoredJob): Promise<JobLook | undefined>;
  /** For the end of a job. Waits for another process to take over from one that died. Throws `unavailable`. */
  findings(jobId: string): Promise<Findings>;
  /** Answers another process. */
  answer(body: RequestBody<'jobs.look'>): Promise<ReplyBody<'jobs.look'>>;
}

export interface LooksParts {
  readonly bus: Pick<Bus, 'request'>;
  readonly coordinators: Coordinators;
  readonly leases: Leases;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** Whether other processes fold jobs too. */
  readonly shared: boolean;
}

/** Somebody waits for the page. */
const pageMs = 500;
const oneMs = 1000;
/** A death is seen within 3.5 s; each try takes at most a question and a pause. */
const mostTries = 12;
const pauseMs = 250;

export const openLooks = ({ bus, coordinators, leases, clock, logger, shared }: LooksParts): Looks => {
  const here = (jobId: string): JobLook | undefined => coordinators.peek(jobId)?.look();

  /** Null when the process does not answer. */
  const ask = async (
    holder: string,
    body: RequestBody<'jobs.look'>,
    timeoutMs: number,
  ): Promise<ReplyBody<'jobs.look'> | null> => {
    try {
      return await bus.request('jobs.look', body, { to: holder, timeoutMs });
    } catch (error) {
      logger.debug({ holder, err: error }, 'the process that folds jobs does not answer');
      return null;
    }
  };

  const elsewhere = async (jobs: readonly string[]): Promise<readonly JobLook[]> => {
    const holders = await leases.holdersOf(jobs.map(leaseOf));
    const byHolder = Map.groupBy(jobs, (jobId) => holders.get(leaseOf(jobId)));
    const replies = [...byHolder].map(async ([holder, jobIds]) => {
      if (holder === undefined || holder === leases.memberId) return [];
      return (await ask(holder, { jobIds, open: false }, pageMs))?.looks ?? [];
    });
    return (await Promise.all(replies)).flat();
  };

  /** Undefined = nobody answered, null = the job has no fold. */
  const tryOne = async (jobId: string, afresh: boolean): Promise<Findings | undefined> => {
    const holder = await leases.holderOf(leaseOf(jobId), { afresh });
    if (holder === leases.memberId) {
      const coordinator = await coordinators.open(jobId);
      return { look: coordinator?.look() ?? null, coordinator };
    }
    const reply = await ask(holder, { jobIds: [jobId], open: true }, oneMs);
    if (reply === null || reply.elsewhere.includes(jobId)) return undefined;
    return { look: reply.looks[0] ?? null, coordinator: null };
  };

  return {
    async page(jobs) {
      const active = jobs.filter(({ doc }) => !isOver(doc)).map(({ id }) => id);
      const looks = active.flatMap((id) => here(id) ?? []);
      const others = shared ? await elsewhere(active.filter((id) => coordinators.peek(id) === undefined)) : [];
      return new Map([...looks, ...others].map((look) => [look.jobId, look]));
    },
    async one({ id, doc }) {
      if (isOver(doc)) return undefined;
      if (!shared) return (await coordinators.open(id))?.look();
      // It has no blocks yet, and looking should not cost a lease.
      if (doc.state === 'Queued' && coordinators.peek(id) === undefined) return undefined;
      const found = (await tryOne(id, false)) ?? (await tryOne(id, true));
      return found?.look ?? undefined;
    },
    async findings(jobId) {
      for (let tries = 1; tries <= mostTries; tries += 1) {
        const found = await tryOne(jobId, tries > 1);
        if (found !== undefined) return found;
        await clock.sleep(pauseMs);
      }
      throw new SimfleetError('unavailable', `the process that folds job "${jobId}" does not answer`);
    },
    async answer({ jobIds, open }) {
      const looks: JobLook[] = [];
      const elsewhere: string[] = [];
      for (const jobId of jobIds) {
        const isHere = open
          ? (await leases.holderOf(leaseOf(jobId))) === leases.memberId
          : leases.holds(leaseOf(jobId));
        if (!isHere) elsewhere.push(jobId);
        else {
          const look = open ? (await coordinators.open(jobId))?.look() : here(jobId);
          if (look !== undefined) looks.push(look);
        }
      }
      return { looks, elsewhere };
    },
  };
};
