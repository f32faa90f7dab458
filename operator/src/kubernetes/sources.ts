import { keyOf } from './keys.ts';
import type { KubernetesObject } from './objects.ts';
import type { Source, WatchedCache } from './runtime.ts';

/**
 * Makes a cache a source of keys for a controller: `keysOf` tells which keys an object is about, its own by default. A change is about the keys of the object as
 * it was and as it is, so that nothing is missed when it moves from one to another. `when` leaves changes out.
 */
export const changesOf = <Object extends KubernetesObject>(
  cache: WatchedCache<Object>,
  keysOf: (object: Object) => readonly string[] = ({ metadata }) => [keyOf(metadata)],
  when: (object: Object | null, previous: Object | null) => boolean = () => true,
): Source => ({
  untilSynced: (signal) => cache.untilSynced(signal),
  *keys() {
    for (const object of cache.list()) yield* keysOf(object);
  },
  onKeys: (listener) =>
    cache.onChange(({ object, previous }) => {
      if (!when(object, previous)) return;
      const keys = [object, previous].flatMap((side) => (side === null ? [] : keysOf(side)));
      listener([...new Set(keys)], isWanted(object, previous));
    }),
});

/** What is new is many at once at times, and waits behind each other; an edit waits for none of them. A deletion raises the generation too. */
const isWanted = (object: KubernetesObject | null, previous: KubernetesObject | null): boolean =>
  object !== null && previous !== null && object.metadata.generation !== previous.metadata.generation;
