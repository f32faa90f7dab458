import { until } from '@simfleet/testing';
import { quantile } from '../figures/spread.ts';
import { watchArrivals } from './arrivals.ts';
import { openCluster, simulationJobsPath, type Cluster } from './cluster.ts';
import { editLatencies } from './edits.ts';
import { createJobs, inFlight, creators, namesOf } from './load.ts';
import { countedRequests } from './requests.ts';
import { scoped } from './scoped.ts';
import type { RunningSubject, Subject } from './subject.ts';
import { watchFromNow } from './watch.ts';

export interface ScaleOptions {
  /** SimulationJobs. */
  readonly objects: number;
  readonly edits: number;
  readonly restSeconds: number;
  /** Whether jobs can end: what reconciles no more than the peer does ends none. */
  readonly ends: boolean;
  /** Hears what is done: the whole takes ten minutes with ten thousand. */
  readonly tell: (text: string) => void;
}

export interface Scale {
  /** Milliseconds from an edit to the patched child, all jobs being open, and then with all but a few of them over. */
  readonly open: readonly number[];
  readonly over: readonly number[];
  /** With a child each, of a Node process: live bytes that came with one SimulationJob and its child. Null of others. */
  readonly bytesPerJob: number | null;
  /** Memory that the process occupied before and after, MiB. */
  readonly residentMiB: readonly [number, number];
  /** Live bytes once all are over. */
  readonly restBytes: number | null;
  readonly rest: Rest;
}

export interface Rest {
  /** Of one core, 0 … 1. */
  readonly processorShare: number;
  /** Requests to the API server in that time, but for watches and leases. */
  readonly requests: number;
  readonly residentMiB: number;
}

const warmUps = 100;
/** Those that stay open while the others are over. */
const keptOpen = 200;
const limitMs = 900_000;
const quietSeconds = 5;

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const measureRest = async (cluster: Cluster, running: RunningSubject, seconds: number): Promise<Rest> => {
  const [before, requestsBefore] = [running.figures(), countedRequests(cluster).length];
  const began = performance.now();
  await pause(seconds);
  const elapsed = (performance.now() - began) / 1000;
  const after = running.figures();
  return {
    processorShare: (after.processorSeconds - before.processorSeconds) / elapsed,
    requests: countedRequests(cluster).length - requestsBefore,
    residentMiB: after.residentMiB,
  };
};

/** Waits until the subject asks nothing for a while: Events of many jobs are written at a rate of their own. */
const untilQuiet = async (cluster: Cluster): Promise<void> => {
  let count = -1;
  await until(
    'the last requests',
    async () => {
      const before = count;
      await pause(quietSeconds);
      count = countedRequests(cluster).length;
      return count === before;
    },
    limitMs,
  );
};

/** Has jobs cancelled and waits until their status says so: heard from a watch, for lists of ten thousand are all that an API server then does. */
const cancelAll = async ({ plane }: Cluster, names: readonly string[]): Promise<void> => {
  const missing = new Set(names);
  const stop = await watchFromNow(plane, simulationJobsPath, ({ metadata, status }) => {
    if (status?.state === 'Cancelled') missing.delete(metadata.name);
  });
  try {
    await inFlight(names, creators, (name) =>
      plane.api.patch(`${simulationJobsPath}/${name}`, { spec: { cancelled: true } }),
    );
    await until(
      'every job to be over',
      async () => {
        await pause(0.1);
        return missing.size === 0;
      },
      limitMs,
    );
  } finally {
    stop();
  }
};

/** What a subject needs when there are many jobs: to answer an edit, in memory, and at rest. */
export const scale = (subject: Subject, options: ScaleOptions): Promise<Scale> =>
  scoped(async (scope) => {
    const { objects, edits, restSeconds, ends, tell } = options;
    const cluster = await openCluster(scope, { controllerManager: false, audit: true });
    const { plane } = cluster;
    const running = await subject.start(cluster, scope, { inspect: true });
    const create = async (prefix: string, count: number): Promise<readonly string[]> => {
      const names = namesOf(prefix, count);
      const arrivals = await watchArrivals(plane);
      await Promise.all([createJobs(plane.api, simulationJobsPath, names), arrivals.all(names, limitMs)]);
      arrivals.stop();
      return names;
    };
    await create('warm', Math.min(warmUps, objects));
    const liveBytes = async (): Promise<number | null> => (await running.inspector?.liveBytes()) ?? null;
    const [bytesBefore, residentBefore] = [await liveBytes(), running.figures().residentMiB];
    const names = await create('many', objects);
    const bytes = await liveBytes();
    const resident = running.figures().residentMiB;

    tell(`${objects} jobs have a child`);
    const open = await editLatencies(cluster, scope, names, edits, [3, 4]);
    tell(`${edits} edits, all open: p99 ${quantile(open, 0.99).toFixed(0)} ms`);
    let over: readonly number[] = [];
    if (ends) {
      await cancelAll(cluster, names.slice(keptOpen));
      tell(`${objects - keptOpen} jobs are over`);
      over = await editLatencies(cluster, scope, names.slice(0, keptOpen), edits, [5, 6]);
      tell(`${edits} edits, nearly all over: p99 ${quantile(over, 0.99).toFixed(0)} ms`);
      await cancelAll(cluster, [...names.slice(0, keptOpen), ...namesOf('warm', Math.min(warmUps, objects))]);
    }
    if (ends) await untilQuiet(cluster);
    tell('at rest');
    const restBytes = await liveBytes();
    return {
      open,
      over,
      bytesPerJob: bytes === null || bytesBefore === null ? null : (bytes - bytesBefore) / objects,
      residentMiB: [residentBefore, resident],
      restBytes,
      rest: await measureRest(cluster, running, restSeconds),
    };
  });
