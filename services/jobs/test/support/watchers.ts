import type { LiveEvent } from '@simfleet/contracts';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { Logger } from '@simfleet/runtime';
import { createTracing } from '@simfleet/runtime';
import type { Peer } from '@simfleet/sockets';
import { openMemoryStorage } from '@simfleet/storage/memory';
import type { Entry } from '@simfleet/storage';
import { fakeClock, silentLogger } from '@simfleet/testing';
import type { FakeClock } from '@simfleet/testing';
import type { StoredJob } from '../../src/jobs/job-document.ts';
import { followJob } from '../../src/live/follow.ts';
import { openLiveLog } from '../../src/live/live-log.ts';
import type { LiveLog } from '../../src/live/live-log.ts';
import { openWatching } from '../../src/sockets/watching.ts';
import type { Watching } from '../../src/sockets/watching.ts';

/** Delays the answer of a store as the test wants. */
export type Delay = <Value>(answer: Promise<Value>) => Promise<Value>;

/** A client as the follower sees it, whose reading the test holds up. */
export interface Client {
  readonly peer: Peer;
  /** Ids of the events that came, in their order. */
  readonly ids: readonly number[];
  /** `last` of the end that came. */
  readonly ends: readonly number[];
  readonly isOpen: boolean;
  /** Reads nothing until it is told to. */
  stall(): void;
  read(): void;
  disconnect(): void;
}

export interface Hall {
  readonly clock: FakeClock;
  readonly live: LiveLog;
  readonly watching: Watching;
  readonly counts: { watches: number; followers: number; reads: number; published: number };
  /** Whether the bus tells of appends; without it the follower looks by itself. */
  hears: boolean;
  /** Whether the store answers. */
  works: boolean;
  job: StoredJob | null;
  open(): Client;
  append(keys: readonly string[]): Promise<void>;
  /** As retention does. */
  trim(through: number): Promise<void>;
}

export const jobId = 'watched';

const jobIn = (state: string): StoredJob => ({ id: jobId, version: 1, doc: { state } }) as unknown as StoredJob;
export const running = jobIn('Running');
export const succeeded = jobIn('Succeeded');

/** The followers of one process over the real live log in memory, and sockets that are arrays. */
export const openHall = (delay: Delay, logger: Logger = silentLogger()): Hall => {
  const clock = fakeClock();
  const bus = openMemoryBus({ tracing: createTracing() });
  const { log } = openMemoryStorage();
  const live = openLiveLog({ log, bus, clock, logger });
  const topics = new Map<string, Set<ReturnType<typeof openClient>>>();
  const counts = { watches: 0, followers: 0, reads: 0, published: 0 };

  const read = async (...page: Parameters<LiveLog['read']>): Promise<readonly Entry[]> => {
    const answer = live.read(...page);
    const works = hall.works;
    const entries = await delay(answer);
    if (!works) throw new Error('the store does not answer');
    return entries;
  };
  const deaf: typeof bus.listen = (subject, ring) => bus.listen(subject, (hint) => hall.hears && ring(hint));
  const slow: LiveLog = { ...live, read, last: (id) => delay(live.last(id)) };
  const publish = (topic: string, message: string): number => {
    const receivers = [...(topics.get(topic) ?? [])];
    for (const client of receivers) client.take(message);
    return receivers.length;
  };
  const watching = openWatching({
    follow: (id, after, signal) =>
      followJob(id, {
        ...{ live: slow, bus: { listen: deaf }, clock, after, signal },
        complete: async () => undefined,
        getJob: () => delay(Promise.resolve(hall.job)),
      }),
    ...{ read, publish, clock, logger },
    observer: {
      watches: (change) => void (counts.watches += change),
      followers: (change) => void (counts.followers += change),
      catchUpRead: () => void (counts.reads += 1),
      published: () => void (counts.published += 1),
    },
  });
  const hall: Hall = {
    ...{ clock, live, watching, counts, hears: true, works: true, job: running },
    open: () => openClient(topics),
    trim: (through) => log.trim(`live:${jobId}`, through),
    async append(keys) {
      const event: LiveEvent = { type: 'state', time: '', state: 'Running', stopReason: null, message: null };
      live.push(
        jobId,
        keys.map((key) => ({ key, event })),
      );
      await live.settled(jobId);
    },
  };
  return hall;
};

const openClient = (topics: Map<string, Set<{ take(message: string): void }>>) => {
  const ids: number[] = [];
  const ends: number[] = [];
  const gone = new Set<() => void>();
  let isOpen = true;
  let stalled: PromiseWithResolvers<void> | null = null;
  const subscribersOf = (topic: string) => {
    const found = topics.get(topic) ?? new Set();
    topics.set(topic, found);
    return found;
  };
  const client = {
    ...{ ids, ends },
    get isOpen() {
      return isOpen;
    },
    take(message: string) {
      const { event, end } = JSON.parse(message) as { event?: { id: number }; end?: { last: number } };
      if (ends.length > 0) throw new Error('something came behind the end');
      if (event !== undefined) ids.push(event.id);
      if (end !== undefined) ends.push(end.last);
    },
    stall() {
      stalled ??= Promise.withResolvers<void>();
    },
    read() {
      stalled?.resolve();
      stalled = null;
    },
    disconnect() {
      isOpen = false;
      for (const subscribers of topics.values()) subscribers.delete(client);
      for (const listener of gone) listener();
      client.read();
    },
    peer: {
      id: 'client',
      principal: { id: 'somebody', kind: 'user', customers: '*' },
      get isGone() {
        return !isOpen;
      },
      send(message: string) {
        if (!isOpen) return 'closed';
        client.take(message);
        return 'sent';
      },
      async room() {
        await stalled?.promise;
      },
      subscribe: (topic: string) => void subscribersOf(topic).add(client),
      unsubscribe: (topic: string) => void subscribersOf(topic).delete(client),
      onGone(listener: () => void) {
        gone.add(listener);
        return () => void gone.delete(listener);
      },
    } satisfies Peer as Peer,
  };
  return client;
};
