import { keyOf } from '../keys.ts';
import type { KubernetesObject, ObjectReference } from '../objects.ts';
import type { CacheOptions, Change } from '../runtime.ts';

/** Objects by key and by the keys of indexes. */
export interface Store<Object extends KubernetesObject> {
  get(reference: ObjectReference): Object | null;
  list(namespace?: string): readonly Object[];
  /** Throws when there is no such index. */
  byIndex(index: string, key: string): readonly Object[];
  /** Puts an object in, or with null takes it out, and answers what was there. */
  put(key: string, object: Object | null): Change<Object>;
  readonly size: number;
}

/** Maps of maps, so that a lookup costs the same for ten or ten thousand objects. */
export const createStore = <Object extends KubernetesObject>(
  indexes: NonNullable<CacheOptions<Object>['indexes']> = {},
): Store<Object> => {
  const objects = new Map<string, Object>();
  const namespaces = createIndex();
  const own = new Map(Object.entries(indexes).map(([name, keysOf]) => [name, { keysOf, index: createIndex() }]));

  const found = (keys: ReadonlySet<string>): readonly Object[] =>
    [...keys].flatMap((key) => {
      const object = objects.get(key);
      return object === undefined ? [] : [object];
    });

  const filed = (key: string, object: Object, change: 'add' | 'remove'): void => {
    const { namespace } = object.metadata;
    if (namespace !== undefined) namespaces[change](namespace, key);
    for (const { keysOf, index } of own.values()) for (const at of keysOf(object)) index[change](at, key);
  };

  return {
    get: (reference) => objects.get(keyOf(reference)) ?? null,
    list: (namespace) => (namespace === undefined ? [...objects.values()] : found(namespaces.at(namespace))),
    byIndex(name, key) {
      const index = own.get(name)?.index;
      if (index === undefined) throw new Error(`the cache has no index ${name}`);
      return found(index.at(key));
    },
    put(key, object) {
      const previous = objects.get(key) ?? null;
      if (previous !== null) filed(key, previous, 'remove');
      if (object === null) objects.delete(key);
      else {
        objects.set(key, object);
        filed(key, object, 'add');
      }
      return { object, previous };
    },
    get size() {
      return objects.size;
    },
  };
};

interface Index {
  at(value: string): ReadonlySet<string>;
  add(value: string, key: string): void;
  remove(value: string, key: string): void;
}

const none: ReadonlySet<string> = new Set();

const createIndex = (): Index => {
  const keys = new Map<string, Set<string>>();
  return {
    at: (value) => keys.get(value) ?? none,
    add(value, key) {
      const there = keys.get(value);
      if (there === undefined) keys.set(value, new Set([key]));
      else there.add(key);
    },
    remove(value, key) {
      const there = keys.get(value);
      there?.delete(key);
      if (there?.size === 0) keys.delete(value);
    },
  };
};
