import type { Bus } from '@simfleet/bus';
import { errorCode } from '@simfleet/contracts';
import type { Report, ReplyBody, ReportReply, RequestBody } from '@simfleet/contracts';
import type { Logger } from '@simfleet/runtime';
import type { Leases } from '@simfleet/storage';
import { taskOf } from '../estimate/coordinator.ts';
import { leaseOf } from '../estimate/lease-name.ts';
import type { KnownJob } from './known-jobs.ts';
import type { SteerShard } from './steer-shard.ts';

/** Blocks of a report that are durable, and the position of the last of them. */
export interface StoredBlocks {
  readonly blocks: readonly number[];
  readonly through: number;
}

/**
 * Lets the process that folds the job steer the shard. While none answers (it died, or hangs, and its lease has not moved yet) the shard is told to
 * ask again soon: what it did is safe.
 */
export type AskHolder = (known: KnownJob, report: Report, stored: StoredBlocks) => Promise<ReportReply>;

export interface AskHolderParts {
  readonly bus: Pick<Bus, 'request'>;
  readonly leases: Leases;
  readonly steer: SteerShard;
  readonly logger: Logger;
}

/** Long against a fold and a commit, short against the 5 s in which a lease moves. */
const answerMs = 1000;
const retryAfterMs = 250;
/** The holder that is remembered, and the one that the store names when that does not answer. */
const mostHolders = 2;

export const openAskHolder = ({ bus, leases, steer, logger }: AskHolderParts): AskHolder => {
  const ask = async (body: RequestBody<'jobs.steer'>, holder: string): Promise<ReplyBody<'jobs.steer'> | null> => {
    if (holder === leases.memberId) return steer.forOther(body);
    try {
      return await bus.request('jobs.steer', body, { to: holder, timeoutMs: answerMs });
    } catch (error) {
      if (errorCode(error) !== 'unavailable') throw error;
      logger.debug({ jobId: body.jobId, holder, err: error }, 'the process that folds the job does not answer');
      return null;
    }
  };

  return async (known, report, { blocks, through }) => {
    const { job, plan } = known;
    const { shard, attempt, describe, release } = report;
    const body = { jobId: job.id, shard, attempt, describe, release, blocks: [...blocks], through };
    let asked: string | null = null;
    for (let tries = 0; tries < mostHolders; tries += 1) {
      const holder = await leases.holderOf(leaseOf(job.id), { afresh: tries > 0 });
      if (holder === asked) break;
      asked = holder;
      const answer = await ask(body, holder);
      known.heardOf(answer?.prefix ?? 0);
      if (answer !== null && answer.reply !== null) return answer.reply;
    }
    const described = describe ? { task: taskOf(job.doc, plan.rules) } : {};
    return { action: 'continue', lease: null, retryAfterMs, ...described };
  };
};
