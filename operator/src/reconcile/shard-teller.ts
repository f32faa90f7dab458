import type { Bus } from '@simfleet/bus';
import type { Job } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { BatchJob } from '../resources/batch-job.ts';
import type { Pod } from '../resources/pod.ts';
import { exhaustedEvents, podEvents, podProgress, told } from './shard-events.ts';
import type { Told } from './shard-events.ts';

/** Tells the platform of shards, each thing once while this process leads; what is told again after that has the same ids. */
export interface ShardTeller {
  /** `children`: of any run. Rejects when the bus does not take an event; the next call goes on there. */
  tell(job: Job, children: readonly BatchJob[], pods: readonly Pod[]): Promise<void>;
  forget(jobId: string): void;
  clear(): void;
}

interface Known {
  readonly pods: Map<string, { readonly pod: Pod; readonly told: Told }>;
  /** Sources of exhausted indexes. */
  readonly exhausted: Set<string>;
}

export const openShardTeller = (bus: Pick<Bus, 'publish'>, clock: Pick<Clock, 'now'>): ShardTeller => {
  const jobs = new Map<string, Known>();

  const knownOf = (jobId: string): Known => {
    const known = jobs.get(jobId) ?? { pods: new Map(), exhausted: new Set() };
    jobs.set(jobId, known);
    return known;
  };

  return {
    async tell(job, children, pods) {
      const known = knownOf(job.id);
      const time = new Date(clock.now()).toISOString();
      const there = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
      for (const [uid, pod] of there) {
        const before = known.pods.get(uid)?.told ?? told.nothing;
        for (const event of podEvents(job, pod, before, false, time)) await bus.publish(event);
        const now = podProgress(pod);
        known.pods.set(uid, { pod, told: now > before ? now : before });
      }
      for (const [uid, { pod, told: before }] of known.pods) {
        if (there.has(uid)) continue;
        for (const event of podEvents(job, pod, before, true, time)) await bus.publish(event);
        known.pods.delete(uid);
      }
      for (const event of children.flatMap((child) => exhaustedEvents(job, child, time))) {
        if (known.exhausted.has(event.source)) continue;
        await bus.publish(event);
        known.exhausted.add(event.source);
      }
    },
    forget: (jobId) => void jobs.delete(jobId),
    clear: () => jobs.clear(),
  };
};
