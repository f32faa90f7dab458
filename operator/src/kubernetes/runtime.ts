import type { Cache, EventRecorder, KubernetesApi, Queue, Reconcile } from './api.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

/** One cluster: its API, what is cached of it, and what works on it. */
export interface Kubernetes {
  /** Not fenced: for what no two replicas can do to each other. Controllers write by `LeaderElection.api`. */
  readonly api: KubernetesApi;
  readonly events: EventRecorder;
  /** Starts to list and watch at once, and goes on until `stop`. Followers keep theirs warm. */
  cache<Object extends KubernetesObject>(
    type: ResourceType<Object>,
    options?: CacheOptions<Object>,
  ): WatchedCache<Object>;
  controller(options: ControllerOptions): Controller;
  leaderElection(options: LeaderElectionOptions): LeaderElection;
  /** Ends the watches and closes the connections. Stop elections and controllers before. Idempotent. */
  stop(): Promise<void>;
}

export interface CacheOptions<Object extends KubernetesObject> {
  /** Only these; all of them by default. */
  readonly namespaces?: readonly string[];
  /** Labels that objects must have, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Name → keys under which `byIndex` finds an object; called again when it changes. */
  readonly indexes?: Readonly<Record<string, (object: Object) => readonly string[]>>;
  /** What to keep of an object, to save memory; `metadata.managedFields` is always dropped before. */
  readonly transform?: (object: Object) => Object;
}

/** `previous` is null for what is new, `object` for what is gone. */
export interface Change<Object extends KubernetesObject> {
  readonly object: Object | null;
  readonly previous: Object | null;
}

/** A cache that tells what changes, what we wrote ourselves included. Nothing is told twice, and no version twice. */
export interface WatchedCache<Object extends KubernetesObject> extends Cache<Object> {
  /** Answers the function that ends it. */
  onChange(listener: (change: Change<Object>) => void): () => void;
  /** Resolves when the first list is in, or the signal aborts. */
  untilSynced(signal?: AbortSignal): Promise<void>;
}

/** A cache together with which keys a change of it is about; made by `changesOf`. */
export interface Source {
  untilSynced(signal?: AbortSignal): Promise<void>;
  /** Keys of everything there is. */
  keys(): Iterable<string>;
  /** `isWanted`: somebody changed what they want of the object (its generation rose), and waits for it. */
  onKeys(listener: (keys: readonly string[], isWanted: boolean) => void): () => void;
}

export interface ControllerOptions {
  /** Of the metrics' label `controller`; one word. */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly reconcile: Reconcile;
  /** Rounds at a time, never two for one key. 8 by default. */
  readonly workers?: number;
  /** Every key is looked at again within this time although nothing changed, spread evenly. Milliseconds, 10 minutes by default. */
  readonly resyncMs?: number;
  /** A round's signal aborts after this time. Milliseconds, 60,000 by default. */
  readonly roundLimitMs?: number;
}

export interface Controller {
  /** Of the present run; what is added while it does not run is forgotten, since a run begins with every key. */
  readonly queue: Queue;
  /**
   * Works until the term ends: with `stopping` no further round begins and those under way end within ten seconds (their signals abort then); with `lost`
   * their signals abort at once. Resolves when all rounds have ended.
   */
  run(term: Term): Promise<void>;
}

/** How long work may go on. */
export interface Term {
  /** Finish what is under way. */
  readonly stopping: AbortSignal;
  /** Another may lead: drop everything. Aborts after `stopping` as well when that takes too long. */
  readonly lost: AbortSignal;
}

export interface LeaderElectionOptions {
  /** The Lease; it is created when it is not there. */
  readonly namespace: string;
  readonly name: string;
  /** Different for every process: pod name and something random. */
  readonly identity: string;
  /** After this time without renewal others take over. Milliseconds, 15,000 by default. */
  readonly leaseMs?: number;
  /** A leader that could not renew for this time gives up. Below `leaseMs`; 10,000 by default. */
  readonly renewLimitMs?: number;
  /** Between two attempts, to which a fifth of jitter is added. 2,000 by default. */
  readonly retryMs?: number;
}

export interface LeaderElection {
  /** By this process's own clock: false as soon as another could lead. */
  readonly leading: boolean;
  /**
   * Writes only while this process leads: each request is held against the clock in the moment in which it is sent, even after the process was stopped
   * (SIGSTOP) in between. Throws `NotLeading`.
   */
  readonly api: KubernetesApi;
  /** Calls `lead` whenever this process leads. Resolves after `stop`. A `lead` that throws gives the lease away; the error is logged. */
  run(lead: (term: Term) => Promise<void>): Promise<void>;
  /** Ends the term cleanly (`stopping`, at most 15 s), and gives the lease away so that another can lead at once. Idempotent. */
  stop(): Promise<void>;
}
