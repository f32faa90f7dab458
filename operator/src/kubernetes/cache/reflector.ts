import type { Clock, Logger } from '@simfleet/runtime';
import { KubernetesError } from '../errors.ts';
import { refusalOfStatus } from '../http/answers.ts';
import type { KubernetesObject } from '../objects.ts';
import type { ListPage, Origin, WatchEvent } from './origin.ts';
import { createPace } from './pace.ts';
import type { Part, View } from './view.ts';

export interface ReflectorOptions<Object extends KubernetesObject> {
  readonly origin: Origin;
  readonly view: View<Object>;
  readonly part: Part;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly restarted: (reason: string) => void;
  readonly listed: () => void;
}

/** Keeps one part of a cache as the server has it. */
export interface Reflector {
  /** Since when no watch is open, by the monotonic clock; null while one is. */
  readonly lostAt: number | null;
  /** Lists and watches until the signal aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** Objects a page: a list of all would be held whole by server and client. */
const pageSize = 500;
/**
 * A watch that tells nothing for this long is taken up anew from where it was. The server sends a bookmark every minute once a resource has changed (seen: after 59 s and 119 s;
 * none at all before its first change), so a healthy watch is seldom interrupted; one whose connection died without a word (a load balancer that forgot it, a peer that
 * lost power) is deaf for no longer than this. Milliseconds.
 */
const silenceLimitMs = 100_000;
/** The server ends a watch after this time, to spread watches over its replicas: a random time between once and twice that many seconds. */
const watchSeconds = 300;
/** A watch that the server ended sooner than this, without a word, was not one. Milliseconds. */
const shortestWatchMs = 1000;
/** Answers (not broken connections) that refuse to go on from a version, before everything is listed anew. */
const refusalsBeforeList = 3;

const silent = new KubernetesError('Silent', 'nothing was heard from a watch for too long');

export const createReflector = <Object extends KubernetesObject>(options: ReflectorOptions<Object>): Reflector => {
  const { origin, view, part, clock, logger, random, restarted, listed } = options;
  const pace = createPace(random);
  let lostAt: number | null = clock.monotonic();
  let mustList = true;
  let refusals = 0;
  /** What was logged last, so that an outage is told once. */
  let told = '';

  const list = async (signal: AbortSignal): Promise<void> => {
    const { items, version } = await readAll(origin, signal);
    view.replace(part, items as readonly Object[], version);
    mustList = false;
    listed();
  };

  const heard = (batch: readonly WatchEvent[]): void => {
    for (const { type, object } of batch) {
      if (type === 'ERROR') throw refusalOfStatus(object);
      if (type === 'BOOKMARK') part.version = object.metadata.resourceVersion ?? part.version;
      else view.event(part, type, object as Object);
    }
    pace.well();
    refusals = 0;
    told = '';
  };

  const watch = async (signal: AbortSignal): Promise<void> => {
    const own = new AbortController();
    const guard = guardSilence(clock, () => own.abort(silent));
    const both = AbortSignal.any([signal, own.signal]);
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + random()));
    const begunAt = clock.monotonic();
    try {
      const batches = await origin.watch({ resourceVersion: part.version, timeoutSeconds }, both);
      lostAt = null;
      for await (const batch of batches) {
        guard.heard();
        heard(batch);
      }
      if (clock.monotonic() - begunAt < shortestWatchMs) throw new KubernetesError('Closed', 'a watch ended at once');
      pace.well();
    } catch (error) {
      throw both.aborted ? (both.reason as Error) : error;
    } finally {
      lostAt = clock.monotonic();
      guard.end();
      own.abort();
    }
  };

  const trouble = (error: unknown): string => {
    const reason = error instanceof KubernetesError ? error.reason : 'Error';
    if (error instanceof KubernetesError && error.status > 0) refusals += 1;
    if (reason === 'Expired' || reason === 'Gone' || refusals >= refusalsBeforeList) mustList = true;
    if (told !== reason) logger.warn({ error, reason, mustList }, 'a watch of the Kubernetes API is interrupted');
    told = reason;
    return reason;
  };

  return {
    get lostAt() {
      return lostAt;
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          if (mustList) await list(signal);
          await watch(signal);
          restarted('ended');
        } catch (error) {
          if (signal.aborted) return;
          // Silence was waiting enough.
          if (error === silent) pace.well();
          restarted(error === silent ? 'silent' : trouble(error));
          if (error !== silent) await clock.sleep(pace.next(), signal);
        }
      }
    },
  };
};

/** Calls `onSilence` once when nothing was heard for `silenceLimitMs`; hearing costs no timer. */
const guardSilence = (clock: Clock, onSilence: () => void): { heard(): void; end(): void } => {
  let heardAt = clock.monotonic();
  const arm = (ms: number): (() => void) =>
    clock.after(ms, () => {
      const left = heardAt + silenceLimitMs - clock.monotonic();
      if (left > 0) cancel = arm(left);
      else onSilence();
    });
  let cancel = arm(silenceLimitMs);
  return { heard: () => void (heardAt = clock.monotonic()), end: () => cancel() };
};

/** All pages as of one version. A list whose continuation has expired is read again in one piece, as client-go does. */
const readAll = async (
  origin: Origin,
  signal: AbortSignal,
): Promise<{ readonly items: readonly KubernetesObject[]; readonly version: string }> => {
  const items: KubernetesObject[] = [];
  let page: ListPage;
  try {
    page = await origin.list({ limit: pageSize }, signal);
    while ((page.metadata.continue ?? '') !== '') {
      items.push(...page.items);
      page = await origin.list({ limit: pageSize, continue: page.metadata.continue ?? '' }, signal);
    }
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.status !== 410) throw error;
    items.length = 0;
    page = await origin.list({}, signal);
  }
  items.push(...page.items);
  return { items, version: page.metadata.resourceVersion };
};
