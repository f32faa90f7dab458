import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { DoneBlock, Report, ReportReply } from '@simfleet/contracts';
import { blockUnits } from '@simfleet/domain';
import type { Logger } from '@simfleet/runtime';
import type { Appended, Leases } from '@simfleet/storage';
import type { Coordinators } from '../estimate/coordinators.ts';
import { leaseOf } from '../estimate/lease-name.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { EndJob } from '../jobs/end-job.ts';
import { system } from '../jobs/end-job.ts';
import type { StartJob } from '../jobs/start-job.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PathsMeter } from '../quotas/paths-meter.ts';
import type { AskHolder } from './ask-holder.ts';
import type { KnownJobs } from './known-jobs.ts';
import { planMistakes, readReport } from './read-report.ts';
import type { ReportPlan } from './report-plan.ts';
import { stopShard } from './steer-shard.ts';
import type { SteerShard } from './steer-shard.ts';

export interface AcceptReportParts {
  readonly coordinators: Coordinators;
  readonly ledger: Ledger;
  readonly startJob: StartJob;
  readonly endJob: EndJob;
  readonly steer: SteerShard;
  readonly known: KnownJobs;
  readonly askHolder: AskHolder;
  readonly leases: Leases;
  readonly logger: Logger;
  /** Counts what was done for the customer's quota. */
  readonly paths: Pick<PathsMeter, 'add'>;
  /** Whether other processes fold jobs too. */
  readonly shared: boolean;
}

/**
 * Takes the report of a shard whose token was checked, and steers the shard by the reply. Any replica does: it checks the report, makes the blocks durable, and
 * lets the one that folds the job answer. Nothing of a report with mistakes is stored.
 * Throws `invalid-request`, `not-reproducible` (the job then fails), `storage-full`, `unavailable`.
 */
export type AcceptReport = (jobId: string, body: unknown) => Promise<ReportReply>;

/** What a report is checked against. */
interface Target {
  readonly job: StoredJob;
  readonly plan: ReportPlan;
}

export const openAcceptReport = (parts: AcceptReportParts): AcceptReport => {
  const { coordinators, ledger, startJob, endJob, steer, known, askHolder, leases, logger, shared, paths } = parts;

  /** The ledger decides: a block is done once it is durable there. */
  const write = async (jobId: string, { plan }: Target, done: readonly DoneBlock[]): Promise<readonly Appended[]> => {
    if (done.length === 0) return [];
    try {
      return await ledger.append(jobId, done, (block) => blockUnits(plan.rules, block));
    } catch (error) {
      if (errorCode(error) !== 'not-reproducible') throw error;
      const message = `a block of ${blockNames(done)} was reported again with other bytes`;
      logger.error({ jobId, err: error }, message);
      await endJob(jobId, { reason: 'NotReproducible', message, by: system });
      throw new SimfleetError('not-reproducible', `${message}; the job has failed`, { cause: error });
    }
  };

  const isOutdated =
    ({ job, plan }: Target) =>
    (block: DoneBlock): boolean =>
      plan.isOutdated(block, job.doc.earlierMaxPaths ?? []);

  const mistakesOf = (target: Target, report: Report) => planMistakes(target.plan, report.done, isOutdated(target));

  /** Makes the blocks durable that count. Answers them, with their positions. */
  const store = async (
    jobId: string,
    target: Target,
    report: Report,
  ): Promise<{ readonly done: readonly DoneBlock[]; readonly positions: readonly number[] }> => {
    const mistakes = mistakesOf(target, report);
    if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'the report has mistakes', { mistakes });
    const isOld = isOutdated(target);
    const done = report.done.filter((block) => !isOld(block));
    const [appended] = await Promise.all([write(jobId, target, done), startJob(target.job)]);
    paths.add(target.job.doc.customer, freshUnits(target.plan, done, appended));
    return { done, positions: appended.map(({ position }) => position) };
  };

  const foldedHere = async (jobId: string): Promise<Target | null> => {
    const coordinator = await coordinators.open(jobId);
    return coordinator === null ? null : { job: coordinator.job, plan: coordinator.fold };
  };

  const takeHere = async (jobId: string, report: Report): Promise<ReportReply> => {
    let target = await foldedHere(jobId);
    if (shared && target !== null && mistakesOf(target, report).length > 0) {
      // Another replica may have given the job wider bounds just now.
      await coordinators.refresh(jobId);
      target = await foldedHere(jobId);
    }
    if (target === null) return stopShard;
    const { done, positions } = await store(jobId, target, report);
    return steer.here(jobId, { ...report, done: [...done] }, positions);
  };

  /** Blocks that are further ahead than is known here are welcome when the ledger, which is longer than the prefix, reaches near them. */
  const hearOfPrefix = async (jobId: string, report: Report): Promise<void> => {
    const there = await known.read(jobId, { afresh: true });
    if (there !== null && mistakesOf(there, report).length > 0) there.heardOf(await ledger.last(jobId));
  };

  const takeForHolder = async (jobId: string, report: Report): Promise<ReportReply> => {
    let there = await known.read(jobId);
    if (there !== null && mistakesOf(there, report).length > 0) {
      await hearOfPrefix(jobId, report);
      there = await known.read(jobId);
    }
    if (there === null) return stopShard;
    const { done, positions } = await store(jobId, there, report);
    return askHolder(there, report, { blocks: done.map(({ block }) => block), through: Math.max(0, ...positions) });
  };

  const isFoldedHere = (jobId: string): boolean =>
    leases.holds(leaseOf(jobId)) && coordinators.peek(jobId) !== undefined;

  const take = async (jobId: string, report: Report): Promise<ReportReply> => {
    if (!shared || isFoldedHere(jobId)) return takeHere(jobId, report);
    // A lease is for active jobs only.
    if ((await known.read(jobId)) === null) return stopShard;
    const holder = await leases.holderOf(leaseOf(jobId));
    return holder === leases.memberId ? takeHere(jobId, report) : takeForHolder(jobId, report);
  };

  return async (jobId, body) => take(jobId, readReport(body));
};

/** Paths, or candidates of an exact engine, of the blocks that were not there before. */
const freshUnits = (
  { rules }: Pick<ReportPlan, 'rules'>,
  done: readonly DoneBlock[],
  appended: readonly Appended[],
): number => {
  let units = 0;
  for (const [index, { block }] of done.entries())
    if (appended[index]?.duplicate === false) units += blockUnits(rules, block);
  return units;
};

const blockNames = (done: readonly DoneBlock[]): string => {
  const [first] = done;
  return done.length === 1 && first !== undefined
    ? `${first.block}`
    : `${first?.block ?? 0} and ${done.length - 1} more`;
};
