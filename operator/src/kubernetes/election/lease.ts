import type { KubernetesApi } from '../api.ts';
import { isReason } from '../errors.ts';
import { microTime } from '../micro-time.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';

/** coordination.k8s.io/v1 Lease. */
export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export const leaseType: ResourceType<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Takes part in an election under one identity, one attempt at a time. */
export interface Candidate {
  /**
   * Takes the lease, or renews it, when it is free, expired or ours. Answers the monotonic time before which the attempt began when it is ours now, and null when it
   * is another's. Throws what the API throws: then nothing is known.
   */
  attempt(): Promise<number | null>;
  /** Gives the lease away if it is ours still. */
  release(): Promise<void>;
}

export interface CandidateOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseMs: number;
  readonly now: () => number;
  readonly monotonic: () => number;
}

const fieldManager = 'leader-election';

/**
 * As client-go elects: a lease is expired when it did not change for its duration since this process saw it change, so clocks of machines need not agree. Writes name the
 * version that they mean; of two that take an expired lease one meets a conflict.
 */
export const createCandidate = (options: CandidateOptions): Candidate => {
  const { api, namespace, name, identity, leaseMs, now, monotonic } = options;
  const reference = { namespace, name };
  /** What was seen last, and when this version was seen first. */
  let seen: { readonly version: string; readonly at: number } | null = null;
  /** The version of our own last write, as long as nobody else is known to have written. */
  let ours: Lease | null = null;

  const see = (lease: Lease): void => {
    const version = lease.metadata.resourceVersion ?? '';
    if (seen?.version !== version) seen = { version, at: monotonic() };
  };

  const held = (lease: Lease): boolean => {
    const { holderIdentity, leaseDurationSeconds } = lease.spec ?? {};
    if ((holderIdentity ?? '') === '' || holderIdentity === identity) return false;
    // What its holder promised to others counts, not what we would.
    const durationMs = leaseDurationSeconds === undefined ? leaseMs : leaseDurationSeconds * 1000;
    return monotonic() - (seen?.at ?? monotonic()) < durationMs;
  };

  const specOf = (lease: Lease | null): NonNullable<Lease['spec']> => {
    const before = lease?.spec;
    const mine = before?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      renewTime: microTime(now()),
      acquireTime: mine && before.acquireTime !== undefined ? before.acquireTime : microTime(now()),
      leaseTransitions: (before?.leaseTransitions ?? 0) + (mine || before === undefined ? 0 : 1),
    };
  };

  const take = async (lease: Lease): Promise<boolean> => {
    const { resourceVersion = '' } = lease.metadata;
    try {
      ours = await api.mergePatch(leaseType, reference, { spec: specOf(lease) }, { fieldManager, resourceVersion });
      return true;
    } catch (error) {
      ours = null;
      if (isReason(error, 'Conflict')) return false;
      throw error;
    }
  };

  const create = async (): Promise<boolean> => {
    const { apiVersion, kind } = leaseType;
    try {
      ours = await api.create(
        leaseType,
        { apiVersion, kind, metadata: reference, spec: specOf(null) },
        { fieldManager },
      );
      return true;
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return false;
      throw error;
    }
  };

  return {
    async attempt() {
      let begunAt = monotonic();
      // One request while we hold it and nobody interferes.
      if (ours !== null && (await take(ours))) return begunAt;
      begunAt = monotonic();
      const lease = await api.get(leaseType, reference);
      if (lease === null) return (await create()) ? begunAt : null;
      see(lease);
      if (held(lease)) return null;
      return (await take(lease)) ? begunAt : null;
    },
    async release() {
      if (ours === null) return;
      const { resourceVersion = '' } = ours.metadata;
      ours = null;
      const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now()) };
      await api.mergePatch(leaseType, reference, { spec }, { fieldManager, resourceVersion });
    },
  };
};
