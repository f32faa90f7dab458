import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { DoneBlock, Report, ReportReply } from '@simfleet/contracts';
import { blockUnits } from '@simfleet/domain';
import type { Logger } from '@simfleet/runtime';
import type { Coordinator } from '../estimate/coordinator.ts';
import type { Coordinators } from '../estimate/coordinators.ts';
import type { EndJob } from '../jobs/end-job.ts';
import { system } from '../jobs/end-job.ts';
import type { StartJob } from '../jobs/start-job.ts';
import type { TellCrossings } from '../jobs/tell-crossings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { planMistakes, readReport } from './read-report.ts';

export interface AcceptReportParts {
  readonly coordinators: Coordinators;
  readonly ledger: Ledger;
  readonly startJob: StartJob;
  readonly endJob: EndJob;
  readonly tellCrossings: TellCrossings;
  readonly logger: Logger;
}

/**
 * Takes the report of a shard whose token was checked, and steers the shard by the reply. Nothing of a report with mistakes is stored.
 * Throws `invalid-request`, `not-reproducible` (the job then fails), `storage-full`, `unavailable`.
 */
export type AcceptReport = (jobId: string, body: unknown) => Promise<ReportReply>;

export const openAcceptReport = (parts: AcceptReportParts): AcceptReport => {
  const { coordinators, ledger, startJob, endJob, tellCrossings, logger } = parts;

  /** The ledger decides: a block is done once it is durable there. */
  const write = async (jobId: string, coordinator: Coordinator, done: readonly DoneBlock[]): Promise<void> => {
    if (done.length === 0) return;
    const { rules } = coordinator.fold;
    try {
      await ledger.append(jobId, done, (block) => blockUnits(rules, block));
    } catch (error) {
      if (errorCode(error) !== 'not-reproducible') throw error;
      const message = `a block of ${blockNames(done)} was reported again with other bytes`;
      logger.error({ jobId, err: error }, message);
      await endJob(jobId, { reason: 'NotReproducible', message, by: system });
      throw new SimfleetError('not-reproducible', `${message}; the job has failed`, { cause: error });
    }
  };

  /** Ends the job when the blocks were enough; only then may a shard be told to stop. */
  const judge = async (jobId: string, coordinator: Coordinator): Promise<void> => {
    const { ended } = coordinator.fold.state;
    if (ended !== null) await endJob(jobId, { reason: ended, message: null, by: system });
    else if (coordinator.crossings().length > 0) await tellCrossings(jobId, coordinator);
  };

  const stop: ReportReply = { action: 'stop', lease: null };

  const take = async (jobId: string, report: Report): Promise<ReportReply> => {
    const before = await coordinators.open(jobId);
    if (before === null) return stop;
    const isOutdated = (block: DoneBlock): boolean =>
      before.fold.isOutdated(block, before.job.doc.earlierMaxPaths ?? []);
    const mistakes = planMistakes(before.fold, report.done, isOutdated);
    if (mistakes.length > 0) throw new SimfleetError('invalid-request', 'the report has mistakes', { mistakes });
    const done = report.done.filter((block) => !isOutdated(block));
    await Promise.all([write(jobId, before, done), startJob(before.job)]);
    // Meanwhile the job may have got other bounds, and with them another coordinator.
    const coordinator = await coordinators.open(jobId);
    if (coordinator === null) return stop;
    coordinator.accept({ ...report, done });
    await judge(jobId, coordinator);
    return coordinator.reply(report);
  };

  return async (jobId, body) => take(jobId, readReport(body));
};

const blockNames = (done: readonly DoneBlock[]): string => {
  const [first] = done;
  return done.length === 1 && first !== undefined
    ? `${first.block}`
    : `${first?.block ?? 0} and ${done.length - 1} more`;
};
