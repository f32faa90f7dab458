import type { KubernetesObject, ObjectReference, ResourceType } from './objects.ts';

/** Before which version of the object a write is meant: another one answers `conflict`. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * Writes to the Kubernetes API, and reads past the cache. Each call is one request; transient failures (no connection, 429, 5xx) are tried again a few times with
 * jitter where that is safe. Throws `KubernetesError` with its `reason` (`NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Forbidden`, …, `Unreachable`).
 */
export interface KubernetesApi {
  /** Null when there is none. */
  get<Object extends KubernetesObject>(type: ResourceType<Object>, reference: ObjectReference): Promise<Object | null>;
  /** Throws `AlreadyExists`. */
  create<Object extends KubernetesObject>(
    type: ResourceType<Object>,
    object: Object,
    options: { readonly fieldManager: string; readonly dryRun?: boolean },
  ): Promise<Object>;
  /** Server-side apply; creates what is not there unless `metadata.uid` or `resourceVersion` is given. With `force` it takes fields from other managers. */
  apply<Object extends KubernetesObject>(
    type: ResourceType<Object>,
    object: DeepPartial<Object> & Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>,
    options: { readonly fieldManager: string; readonly force?: boolean; readonly subresource?: 'status' },
  ): Promise<Object>;
  /** JSON merge patch (RFC 7396). */
  mergePatch<Object extends KubernetesObject>(
    type: ResourceType<Object>,
    reference: ObjectReference,
    patch: Readonly<Record<string, unknown>>,
    options: { readonly fieldManager: string; readonly subresource?: 'status' } & Preconditions,
  ): Promise<Object>;
  /** Resolves when it is accepted, or there is none. Throws `Conflict` when a precondition does not hold. */
  delete(
    type: ResourceType,
    reference: ObjectReference,
    options?: Preconditions & { readonly propagation?: 'Foreground' | 'Background' | 'Orphan' },
  ): Promise<void>;
}

export type DeepPartial<Value> = Value extends readonly (infer Item)[]
  ? readonly Item[]
  : Value extends object
    ? { readonly [Key in keyof Value]?: DeepPartial<Value[Key]> }
    : Value;

/** What the cluster holds of one resource, kept up to date by a watch; reads cost no request. What comes out is frozen for all practical purposes: do not change it. */
export interface Cache<Object extends KubernetesObject> {
  get(reference: ObjectReference): Object | null;
  list(namespace?: string): readonly Object[];
  /** Objects under a key of an index that was declared with the cache, such as owner uid. */
  byIndex(index: string, key: string): readonly Object[];
  /** False until the first list is in, and after it was lost for longer than the staleness bound. */
  readonly synced: boolean;
  readonly size: number;
}

/** What a round of reconciling asks for: `requeueAfterMs` = look again then although nothing changes; nothing = when something changes. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/** One round for one key. An error backs the key off, alone; `signal` aborts when the controller stops or loses its leadership. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | void>;

/** Tells that an object should be looked at: keys that are queued already collapse. */
export interface Queue {
  add(key: string): void;
  /** Not before that many milliseconds; an earlier `add` wins. */
  addAfter(key: string, delayMs: number): void;
}

/** For `kubectl describe`; repeated ones are counted by the API server's rules (events.k8s.io/v1 series), never more than one request a second for one object. */
export interface EventRecorder {
  record(
    object: KubernetesObject,
    event: {
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly action: string;
      readonly note: string;
    },
  ): void;
}
