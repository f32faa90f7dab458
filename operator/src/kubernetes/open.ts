import { randomBytes } from 'node:crypto';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import { startCache, type RunningCache } from './cache/cache.ts';
import { createClient, type Fence } from './client.ts';
import { createController } from './controller.ts';
import { createElection } from './election/election.ts';
import { createRecorder } from './events/recorder.ts';
import { openConnections } from './http/connections.ts';
import { openCredentials } from './http/credentials.ts';
import { createRequests } from './http/requests.ts';
import { createInstruments } from './instruments.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import type { Kubernetes } from './runtime.ts';

export interface KubernetesOptions {
  /** Path of a kubeconfig; without it that of the pod's service account, or the user's. */
  readonly kubeconfig?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** `User-Agent`, and `reportingController` of Events: a qualified name, such as `simfleet.dev/operator`. */
  readonly controllerName: string;
  /** Which replica: `reportingInstance` of Events, at most 128 characters. */
  readonly instance: string;
}

/** More at a time make an API server on two cores no faster (measured: 16, 32 and 64 in flight within 5 %). */
const maximumRequests = 32;
/** Requests about the Lease do not wait behind others, and not for long. */
const leaseRequests = 2;
const leaseLimitMs = 3000;

/**
 * Reads the credentials; no request is sent yet. Throws `invalid-request` when there is no usable configuration.
 */
export const openKubernetes = (options: KubernetesOptions): Kubernetes => {
  const { kubeconfig, clock, logger, metrics, controllerName, instance } = options;
  const random = Math.random;
  const instruments = createInstruments(metrics);
  const credentials = openCredentials(clock, kubeconfig);
  const connections = openConnections(credentials, controllerName);
  // Of their own, so that neither watches nor the Lease share a connection's fate with the rest.
  const watchConnections = openConnections(credentials, controllerName);
  const leaseConnections = openConnections(credentials, controllerName);
  const requests = createRequests({ connections, clock, instruments, random, maximum: maximumRequests });
  const watching = createRequests({
    connections: watchConnections,
    clock,
    instruments,
    random,
    maximum: maximumRequests,
  });
  const electing = createRequests({
    connections: leaseConnections,
    clock,
    instruments,
    random,
    maximum: leaseRequests,
  });

  const caches = new Set<RunningCache<KubernetesObject>>();
  const written = (type: ResourceType, object: KubernetesObject): void => {
    for (const cache of caches)
      if (cache.type.plural === type.plural && cache.type.apiVersion === type.apiVersion) cache.written(object);
  };
  const api = createClient({ requests, written });
  const events = createRecorder({
    api,
    clock,
    logger,
    reporter: { controller: controllerName, instance },
    unique: () => randomBytes(8).toString('hex'),
    dropped: instruments.eventsDropped,
  });
  const leaseApi = createClient({ requests: electing, written: () => undefined, limitMs: () => leaseLimitMs });

  return {
    api,
    events,
    cache(type, cacheOptions = {}) {
      const cache = startCache(type, cacheOptions, { requests: watching, clock, logger, instruments, random });
      // Listeners of one cache never see objects of another: the type is kept apart by `written`.
      caches.add(cache);
      return cache;
    },
    controller: (controllerOptions) => createController(controllerOptions, { clock, logger, instruments }),
    leaderElection: (electionOptions) =>
      createElection(electionOptions, {
        clock,
        logger,
        random,
        api: leaseApi,
        fenced: (fence: Fence) => createClient({ requests, written, fence }),
        changed: (leading) => instruments.leader(electionOptions.name, leading),
      }),
    async stop() {
      events.stop();
      await Promise.all([...caches].map((cache) => cache.stop()));
      caches.clear();
      for (const each of [connections, watchConnections, leaseConnections]) each.close();
    },
  };
};
