import type { Report, ReportReply, ReplyBody, RequestBody } from '@simfleet/contracts';
import type { Leases } from '@simfleet/storage';
import type { Coordinator } from '../estimate/coordinator.ts';
import type { Coordinators } from '../estimate/coordinators.ts';
import { leaseOf } from '../estimate/lease-name.ts';
import type { EndJob } from '../jobs/end-job.ts';
import { system } from '../jobs/end-job.ts';
import type { TellCrossings } from '../jobs/tell-crossings.ts';

export interface SteerShardParts {
  readonly coordinators: Coordinators;
  readonly leases: Leases;
  readonly endJob: EndJob;
  readonly tellCrossings: TellCrossings;
}

/** Takes in blocks that are in the ledger and says what the shard does next: where the job is folded. */
export interface SteerShard {
  /** Blocks that this process appended, at these positions. Null when the job is over. */
  here(jobId: string, report: Report, positions: readonly number[]): Promise<ReportReply>;
  /** Blocks that another process appended. */
  forOther(body: RequestBody<'jobs.steer'>): Promise<ReplyBody<'jobs.steer'>>;
}

export const stopShard: ReportReply = { action: 'stop', lease: null };

export const openSteerShard = ({ coordinators, leases, endJob, tellCrossings }: SteerShardParts): SteerShard => {
  /** Ends the job when the blocks were enough; only then may a shard be told to stop. */
  const judge = async (jobId: string, coordinator: Coordinator): Promise<void> => {
    const { ended } = coordinator.fold.state;
    if (ended !== null) await endJob(jobId, { reason: ended, message: null, by: system });
    else if (coordinator.crossings().length > 0) await tellCrossings(jobId, coordinator);
  };

  /** The coordinator with everything that is in the ledger up to the position. */
  const caughtUp = async (jobId: string, through: number): Promise<Coordinator | null> => {
    for (;;) {
      const coordinator = await coordinators.open(jobId);
      await coordinator?.catchUp(through);
      // Meanwhile the job may have got other bounds, and with them another coordinator.
      if (coordinator === null || coordinators.peek(jobId) === coordinator) return coordinator;
    }
  };

  return {
    async here(jobId, report, positions) {
      const coordinator = await coordinators.open(jobId);
      if (coordinator === null) return stopShard;
      coordinator.accept(report, positions);
      await judge(jobId, coordinator);
      return coordinator.reply(report);
    },
    async forOther({ jobId, blocks, through, ...report }) {
      if ((await leases.holderOf(leaseOf(jobId))) !== leases.memberId) return { reply: null, prefix: 0 };
      const coordinator = await caughtUp(jobId, through);
      if (coordinator === null) return { reply: stopShard, prefix: 0 };
      coordinator.credit(report, blocks);
      await judge(jobId, coordinator);
      return { reply: coordinator.reply(report), prefix: coordinator.fold.prefix };
    },
  };
};
