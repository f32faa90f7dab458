import { resourceMarks } from '@simfleet/contracts';
import type { Job, SimulationJobStatus } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { apiJobId, apiResource } from '../intake/api-resource.ts';
import { isReason, keyOf, referenceOf } from '../kubernetes/index.ts';
import type { Reconcile, ReconcileResult } from '../kubernetes/index.ts';
import { isHeld } from '../platform/held.ts';
import { batchJobs } from '../resources/batch-job.ts';
import type { BatchJob } from '../resources/batch-job.ts';
import { applyManager, intakeManager } from '../resources/names.ts';
import type { Pod } from '../resources/pod.ts';
import { simulationJobs } from '../resources/simulation-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { announcements } from '../status/announce.ts';
import { statusOf } from '../status/status.ts';
import { statusWrite } from '../status/status-write.ts';
import { mendedChild } from './child-job.ts';
import { keepApiResource } from './keep-api-resource.ts';
import { hold, letGo } from './finalizer.ts';
import { planChildren } from './plan-children.ts';
import { releaseJob } from './release-job.ts';
import { mendToken } from './mend-token.ts';
import { isSettled } from './settled.ts';
import { startChild } from './start-child.ts';
import { byOwner } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { takeIn } from './take-in.ts';
import type { TakenIn } from './take-in.ts';
import { timeLeftMs } from './time-to-live.ts';

/** Figures of a job at work are read and written so often. */
const lookEveryMs = 10_000;
/** One that waits is looked at ever more seldom, up to so long: what changes it comes as an event, but for why its pods are refused. */
const lookAtLeastEveryMs = 60_000;
/** A fifth longer at most, by the uid: jobs that came together are not looked at together, and an edit waits for few of them. */
const lookAfterMs = ({ metadata }: SimulationJob, { state }: Job, now: number): number => {
  const waits = state === 'Running' ? 0 : now - Date.parse(metadata.creationTimestamp ?? '');
  const every = Math.min(Math.max(lookEveryMs, (waits || 0) / 2), lookAtLeastEveryMs);
  return every * (1 + (0.2 * Number.parseInt(metadata.uid?.slice(-4) ?? '0', 16)) / 0xffff);
};
/** Something is in the way of a child: an earlier one on its way out. */
const inTheWayMs = 1_000;

/** One round for one SimulationJob: observe, plan, apply, and write the status once. */
export const reconcileJob =
  (around: Surroundings): Reconcile =>
  async (key) => {
    const resource = around.resources.get(referenceOf(key));
    if (resource === null) return orderedResource(key, around);
    if (resource.metadata.deletionTimestamp !== undefined) return releaseJob(resource, around);
    const children = around.children.byIndex(byOwner, resource.metadata.uid ?? '');
    const jobId = apiJobId(resource) ?? resource.status?.jobId;
    if (isSettled(resource, children) && (jobId === undefined || !around.views.isDirty(jobId)))
      return rest(resource, jobId, around);
    return worked(resource, children, around);
  };

/** There is no such resource: perhaps a job of the API wants one. */
const orderedResource = async (key: string, around: Surroundings): Promise<ReconcileResult> => {
  const jobId = around.orders.of(key);
  if (jobId === null) return {};
  const job = await around.views.get(jobId, 0);
  const { namespace } = referenceOf(key);
  if (job === null || isOver(job) || namespace === undefined) {
    around.orders.done(key);
    around.views.forget(jobId);
    return {};
  }
  try {
    await around.api.create(simulationJobs, apiResource(job, namespace), { fieldManager: intakeManager });
  } catch (error) {
    // The cache is behind: the resource comes by the watch.
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  around.orders.done(key);
  return {};
};

/** Nothing to do until its time has come. */
const rest = async (
  resource: SimulationJob,
  jobId: string | undefined,
  around: Surroundings,
): Promise<ReconcileResult> => {
  if (jobId !== undefined) {
    around.views.forget(jobId);
    around.teller.forget(jobId);
  }
  around.refusals.delete(resource.metadata.uid ?? '');
  // Of a job that is over the platform need not hear again: its resource can go when no operator is there any more.
  await letGo(around.api, resource);
  const left = timeLeftMs(resource, apiJobId(resource) !== null, around.clock.now());
  if (left === null) return {};
  if (left > 0) return { requeueAfterMs: left };
  const { uid } = resource.metadata;
  await around.api.delete(simulationJobs, referenceOf(keyOf(resource.metadata)), {
    ...(uid === undefined ? {} : { uid }),
    propagation: 'Background',
  });
  return {};
};

const worked = async (
  seen: SimulationJob,
  children: readonly BatchJob[],
  around: Surroundings,
): Promise<ReconcileResult> => {
  const resource = await hold(around.api, seen);
  const apiBorn = apiJobId(resource);
  const taken = apiBorn === null ? await takeIn(resource, around) : await keepApiResource(resource, apiBorn, around);
  if (taken === 'gone') return {};
  const pods = children.flatMap(({ metadata }) => around.pods.byIndex(byOwner, metadata.uid ?? ''));
  const kept = taken.job === null ? nothingDone : await tend(resource, taken.job, children, pods, around);
  const written = await tell(resource, taken, kept.child, pods, around);
  return soonest([
    taken.retryAfterMs,
    kept.lookAgainMs,
    written,
    taken.job === null || isOver(taken.job) ? undefined : lookAfterMs(resource, taken.job, around.clock.now()),
  ]);
};

interface Tended {
  /** Child of the current run. */
  readonly child: BatchJob | null;
  readonly lookAgainMs?: number;
}

const nothingDone: Tended = { child: null };

/** Brings the children closer to what the job wants, after the platform was told of its shards. */
const tend = async (
  resource: SimulationJob,
  job: Job,
  children: readonly BatchJob[],
  pods: readonly Pod[],
  around: Surroundings,
): Promise<Tended> => {
  if (!isOver(job)) await around.teller.tell(job, children, pods);
  const now = around.clock.now();
  const plan = planChildren({ name: resource.metadata.name, job, children, pods, now });
  for (const { metadata } of plan.remove)
    await around.api.delete(batchJobs, referenceOf(keyOf(metadata)), {
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      propagation: 'Background',
    });
  const lookAgain = plan.lookAgainMs === null ? {} : { lookAgainMs: plan.lookAgainMs };
  if (plan.create) {
    const child = await startChild(resource, job, around);
    return child === null ? { child, lookAgainMs: inTheWayMs } : { child, ...lookAgain };
  }
  if (plan.keep === null) return { child: children.find(isOf(job.run, plan.remove)) ?? null, ...lookAgain };
  await mendToken(resource, job, pods, around);
  return { child: await mended(plan.keep, job, around), ...lookAgain };
};

/** The child of a run, unless it was just removed. */
const isOf =
  (run: number, removed: readonly BatchJob[]) =>
  (child: BatchJob): boolean =>
    child.metadata.labels?.[resourceMarks.run] === String(run) && !removed.includes(child);

const mended = async (child: BatchJob, job: Job, { api }: Surroundings): Promise<BatchJob> => {
  const applied = mendedChild(child, job);
  return applied === null ? child : api.apply(batchJobs, applied, { fieldManager: applyManager, force: true });
};

/** Writes the status, if it is time to. Answers when it will be, in milliseconds. */
const tell = async (
  resource: SimulationJob,
  { acceptance, job }: TakenIn,
  child: BatchJob | null,
  pods: readonly Pod[],
  around: Surroundings,
): Promise<number | undefined> => {
  const now = around.clock.now();
  const current = pods.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === child?.metadata.uid),
  );
  const isAtWork = job !== null && !isOver(job) && !isHeld(job);
  const refused = isAtWork ? await around.refusedPods.reason(child, current, now) : null;
  const status = statusOf({
    ...{ resource, acceptance, job, child, pods: current, refused },
    time: new Date(now).toISOString(),
  });
  const write = statusWrite(resource.status, status, now);
  if (write.kind === 'later') return write.afterMs;
  if (write.kind === 'now') await writeStatus(resource, status, write.patch, around);
  return undefined;
};

const writeStatus = async (
  resource: SimulationJob,
  status: SimulationJobStatus,
  patch: Readonly<Record<string, unknown>>,
  { api, events }: Surroundings,
): Promise<void> => {
  const { uid } = resource.metadata;
  await api.mergePatch(
    simulationJobs,
    referenceOf(keyOf(resource.metadata)),
    { status: patch },
    { fieldManager: applyManager, subresource: 'status', ...(uid === undefined ? {} : { uid }) },
  );
  for (const announcement of announcements(resource.status, status)) events.record(resource, announcement);
};

const soonest = (times: readonly (number | undefined)[]): ReconcileResult => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? {} : { requeueAfterMs: Math.min(...known) };
};
