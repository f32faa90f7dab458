import type { Bus } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import { followJobs, resync } from './intake/follow-jobs.ts';
import { openOrders } from './intake/orders.ts';
import { changesOf, keyOf, ownerKeys } from './kubernetes/index.ts';
import type { Kubernetes, KubernetesApi, KubernetesObject, Term } from './kubernetes/index.ts';
import type { Platform } from './platform/client.ts';
import { openJobViews } from './platform/job-views.ts';
import type { PodSettings } from './reconcile/pod-template.ts';
import { reconcileJob } from './reconcile/reconcile-job.ts';
import { openRefusedPods } from './reconcile/refused-pods.ts';
import { openShardTeller } from './reconcile/shard-teller.ts';
import type { Refusals, Surroundings } from './reconcile/surroundings.ts';
import { reconcileService } from './services/reconcile-service.ts';
import { customerOf } from './intake/customers.ts';
import type { Watched } from './watch.ts';

export interface Leading {
  readonly kubernetes: Kubernetes;
  /** Writes only while this process leads. */
  readonly api: KubernetesApi;
  readonly watched: Watched;
  readonly platform: Platform;
  readonly bus: Bus;
  readonly settings: PodSettings;
  readonly workers: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After a namespace was given to a customer; several come at once where a cluster is set up. */
const namespacePauseMs = 500;

/** What the one operator of several does that leads. Everything that it remembers begins here, and is forgotten with the term. */
export const lead = async (leading: Leading, term: Term): Promise<void> => {
  const { kubernetes, watched, bus, platform, clock, logger, workers } = leading;
  const around = surroundingsOf(leading);
  const jobs = kubernetes.controller({
    name: 'jobs',
    workers,
    reconcile: reconcileJob(around),
    sources: [
      changesOf(watched.jobs),
      changesOf(watched.children, ownerKeys('SimulationJob')),
      changesOf(watched.pods, jobOfPod(watched)),
    ],
  });
  const services = kubernetes.controller({
    name: 'services',
    workers: 2,
    reconcile: reconcileService({ ...around, resources: watched.services }),
    sources: [changesOf(watched.services)],
  });
  const running = Promise.all([jobs.run(term), services.run(term)]);
  const ending = AbortSignal.any([term.stopping, term.lost]);
  await Promise.all([watched.jobs.untilSynced(ending), watched.namespaces.untilSynced(ending)]);
  if (!ending.aborted) {
    const intake = { ...around, bus, platform, queue: jobs.queue, clock, logger };
    const stopFollowing = await followJobs(intake);
    const stopNamespaces = onCustomersChange(leading, () => {
      for (const { metadata } of watched.jobs.list()) if (isWaiting(metadata, around)) jobs.queue.add(keyOf(metadata));
      void resync(intake, ending).catch((error: unknown) => logger.warn({ err: error }, 'the jobs cannot be listed'));
    });
    await ended(ending);
    stopNamespaces();
    await stopFollowing();
  }
  await running;
};

const surroundingsOf = (leading: Leading): Surroundings => {
  const { api, kubernetes, watched, platform, bus, clock, settings, logger } = leading;
  const refusals: Refusals = new Map();
  return {
    ...{ api, platform, bus, settings, clock, logger, refusals },
    events: kubernetes.events,
    resources: watched.jobs,
    children: watched.children,
    pods: watched.pods,
    namespaces: watched.namespaces,
    customers: watched.customers,
    views: openJobViews(platform, clock),
    orders: openOrders(),
    teller: openShardTeller(bus, clock),
    refusedPods: openRefusedPods(api),
  };
};

/** A pod belongs to a child, and that to a resource. */
const jobOfPod =
  ({ children }: Watched) =>
  (pod: KubernetesObject): readonly string[] => {
    const { namespace, ownerReferences = [] } = pod.metadata;
    const owner = ownerReferences.find(({ controller }) => controller === true);
    if (namespace === undefined || owner?.kind !== 'Job') return [];
    const child = children.get({ namespace, name: owner.name });
    return child === null ? [] : ownerKeys('SimulationJob')(child);
  };

/** Whether a resource was not accepted yet: perhaps for want of a customer. */
const isWaiting = (metadata: KubernetesObject['metadata'], { resources }: Surroundings): boolean =>
  resources.get(metadata)?.status?.jobId === undefined;

/** Calls back once namespaces came to customers or went from them. */
const onCustomersChange = ({ watched, clock }: Leading, changed: () => void): (() => void) => {
  let cancel: (() => void) | null = null;
  const end = watched.namespaces.onChange(({ object, previous }) => {
    const [now, before] = [object, previous].map((side) => (side === null ? undefined : customerOf(side)));
    if (now === before) return;
    cancel ??= clock.after(namespacePauseMs, () => {
      cancel = null;
      changed();
    });
  });
  return () => {
    end();
    cancel?.();
  };
};

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
