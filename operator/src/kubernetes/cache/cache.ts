import type { Clock, Logger } from '@simfleet/runtime';
import type { Instruments } from '../instruments.ts';
import type { Requests } from '../http/requests.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';
import type { CacheOptions, Change, WatchedCache } from '../runtime.ts';
import { openOrigin } from './origin.ts';
import { createReflector } from './reflector.ts';
import { createView, type Part } from './view.ts';

export interface CacheParts {
  readonly requests: Requests;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instruments: Instruments;
  readonly random: () => number;
}

export interface RunningCache<Object extends KubernetesObject> extends WatchedCache<Object> {
  readonly type: ResourceType;
  /** An answer of the server to a write of ours of that type. */
  written(object: KubernetesObject): void;
  /** Resolves when the watches have ended. */
  stop(): Promise<void>;
}

/** Without a watch for this long, what is cached may be far from what is. Milliseconds. */
const stalenessLimitMs = 60_000;

/** Starts to list and watch. */
export const startCache = <Object extends KubernetesObject>(
  type: ResourceType<Object>,
  options: CacheOptions<Object>,
  { requests, clock, logger, instruments, random }: CacheParts,
): RunningCache<Object> => {
  const listeners = new Set<(change: Change<Object>) => void>();
  const stopping = new AbortController();
  const log = logger.child({ resource: type.plural });

  const changed = (change: Change<Object>): void => {
    instruments.cached(type.plural, view.store.size);
    for (const listener of listeners)
      try {
        listener(change);
      } catch (error) {
        log.error({ error }, 'a listener of a cache failed');
      }
  };
  const view = createView(named(type, options), changed);

  const parts: readonly Part[] =
    options.namespaces === undefined
      ? [{ version: '' }]
      : options.namespaces.map((namespace) => ({ namespace, version: '' }));
  const first = parts.map(() => Promise.withResolvers<void>());
  let listed = false;
  const synced = Promise.all(first.map(({ promise }) => promise)).then(() => void (listed = true));
  const reflectors = parts.map((part, index) =>
    createReflector({
      origin: openOrigin(requests, type, {
        ...part,
        ...(options.labels === undefined ? {} : { labels: options.labels }),
      }),
      view,
      part,
      clock,
      logger: log,
      random,
      restarted: (reason) => instruments.watchRestarted(type.plural, reason),
      listed: () => first[index]?.resolve(),
    }),
  );
  const ended = Promise.all(reflectors.map((reflector) => reflector.run(stopping.signal)));

  return {
    type,
    get: view.store.get,
    list: view.store.list,
    byIndex: view.store.byIndex,
    get size() {
      return view.store.size;
    },
    get synced() {
      const lost = (at: number | null): boolean => at !== null && clock.monotonic() - at > stalenessLimitMs;
      return listed && !reflectors.some(({ lostAt }) => lost(lostAt));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    untilSynced: (signal) =>
      new Promise((resolve) => {
        void synced.then(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
        if (signal?.aborted === true) resolve();
      }),
    written(object) {
      const part = parts.find(({ namespace }) => namespace === undefined || namespace === object.metadata.namespace);
      if (part !== undefined) view.written(part, object as Object);
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
};

/** Lists of the server's own types leave `apiVersion` and `kind` out of their items: put in again before anything sees the object. */
const named = <Object extends KubernetesObject>(
  { apiVersion, kind }: ResourceType,
  options: CacheOptions<Object>,
): CacheOptions<Object> => ({
  ...options,
  transform: (object) => {
    const whole = object.kind === undefined ? { ...object, apiVersion, kind } : object;
    return options.transform === undefined ? whole : options.transform(whole);
  },
});
