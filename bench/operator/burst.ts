import { watchArrivals } from './arrivals.ts';
import { openCluster, simulationJobsPath } from './cluster.ts';
import { profiled } from './profiles.ts';
import { createJobs, namesOf } from './load.ts';
import { scoped } from './scoped.ts';
import type { Subject } from './subject.ts';

export interface BurstOptions {
  readonly count: number;
  /** Whether the Job controller works meanwhile: it makes the pods of every child on the same processors. */
  readonly controllerManager: boolean;
  /** Directory for profiles of the processor's time, or null. */
  readonly profiles: string | null;
}

export interface Burst {
  /** SimulationJobs with child and status, divided by the time from the first create. */
  readonly perSecond: number;
  /** Processor time of the subject's process for one of them. */
  readonly processorMs: number;
}

/** Before the burst, since an operator has run for a while when one comes: compiled code, open connections. */
const warmUps = 200;
const limitMs = 120_000;

/** One burst on a control plane of its own, with the subject running. */
export const burst = (subject: Subject, { count, controllerManager, profiles }: BurstOptions): Promise<Burst> =>
  scoped(async (scope) => {
    const cluster = await openCluster(scope, { controllerManager, audit: false, profiling: profiles !== null });
    const { plane } = cluster;
    const arrivals = await watchArrivals(plane);
    scope.after(async () => arrivals.stop());
    const running = await subject.start(cluster, scope, { inspect: profiles !== null });
    const create = async (prefix: string, size: number): Promise<void> => {
      const names = namesOf(prefix, size);
      await Promise.all([createJobs(plane.api, simulationJobsPath, names), arrivals.all(names, limitMs)]);
    };
    await create('warm', Math.min(warmUps, count));
    const before = running.figures();
    const began = performance.now();
    let seconds = 0;
    const work = async (): Promise<void> => {
      await create('burst', count);
      seconds = (performance.now() - began) / 1000;
    };
    if (profiles === null) await work();
    else await profiled(`${profiles}/${subject.name.replace(/\W+/g, '-')}`, cluster, running, work);
    const processor = running.figures().processorSeconds - before.processorSeconds;
    return { perSecond: count / seconds, processorMs: (processor / count) * 1000 };
  });
