import { keyOf } from '../keys.ts';
import type { KubernetesObject } from '../objects.ts';
import type { CacheOptions, Change } from '../runtime.ts';
import { createStore, type Store } from './store.ts';
import { compareVersions } from './versions.ts';

/** The objects of a cache, put together from lists, watch events and the answers to our own writes, whichever comes first. */
export interface View<Object extends KubernetesObject> {
  readonly store: Store<Object>;
  /** A watch event of the part. */
  event(part: Part, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Object): void;
  /** All objects of the part, as of `version`. */
  replace(part: Part, objects: readonly Object[], version: string): void;
  /** What the server answered to a write of ours: known at once, so that the next round does not do it again. */
  written(part: Part, object: Object): void;
}

/** What one list and watch is about: a namespace or everything. */
export interface Part {
  readonly namespace?: string;
  /** Up to which version this part has been told everything; '' before the first list. */
  version: string;
}

/** `changed` is called once for every version that is new to the store. */
export const createView = <Object extends KubernetesObject>(
  { indexes, transform, labels = {} }: CacheOptions<Object>,
  changed: (change: Change<Object>) => void,
): View<Object> => {
  const store = createStore<Object>(indexes);
  const kept = (object: Object): Object => {
    const lean = withoutManagedFields(object);
    return transform === undefined ? lean : transform(lean);
  };
  const versionOf = (object: Object | null): string => object?.metadata.resourceVersion ?? '';

  const put = (object: Object, rewound = false): void => {
    const key = keyOf(object.metadata);
    const known = store.get(object.metadata);
    const newer = known === null ? 1 : compareVersions(versionOf(object), versionOf(known));
    // Already told: an echo of our own write, or a list that has caught up with the watch.
    if (newer > 0 || (rewound && newer !== 0)) changed(store.put(key, kept(object)));
  };
  const remove = (object: Object): void => {
    const known = store.get(object.metadata);
    if (known !== null) changed(store.put(keyOf(known.metadata), null));
  };

  return {
    store,
    event(part, type, object) {
      part.version = versionOf(object);
      if (type !== 'DELETED') return put(object);
      // The version of the deletion is later than that of all that came before, unless our own write made the object anew since.
      const known = store.get(object.metadata);
      if (known !== null && compareVersions(versionOf(known), versionOf(object)) < 0) remove(object);
    },
    replace(part, objects, version) {
      // Lists are consistent reads: one that is older than what we know comes from a cluster that was restored from a backup.
      const rewound = part.version !== '' && compareVersions(version, part.version) < 0;
      part.version = version;
      const there = new Set(objects.map(({ metadata }) => keyOf(metadata)));
      for (const known of store.list(part.namespace)) {
        // Newer than the list: our own write, which the watch is going to tell.
        const newer = !rewound && compareVersions(versionOf(known), version) > 0;
        if (!there.has(keyOf(known.metadata)) && !newer) remove(known);
      }
      for (const object of objects) put(object, rewound);
    },
    written(part, object) {
      // Before the first list nobody reads; what the watch has passed it has told already, deletion included.
      if (part.version === '' || compareVersions(versionOf(object), part.version) <= 0) return;
      const wanted = Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value);
      const gone = isGone(object);
      if (wanted && !gone) put(object);
    },
  };
};

/** The answer to a write that took the last finalizer of a deleted object away: the watch tells that it is gone. */
const isGone = ({ metadata }: KubernetesObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;

/** Who wrote which field: up to half of an object's bytes, and of no use here. */
const withoutManagedFields = <Object extends KubernetesObject>(object: Object): Object => {
  const { managedFields: _, ...metadata } = object.metadata as Object['metadata'] & {
    readonly managedFields?: unknown;
  };
  return { ...object, metadata };
};
