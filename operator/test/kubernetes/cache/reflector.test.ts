import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, silentLogger } from '@simfleet/testing';
import type { Origin, WatchEvent } from '../../../src/kubernetes/cache/origin.ts';
import { createReflector } from '../../../src/kubernetes/cache/reflector.ts';
import { createView, type Part } from '../../../src/kubernetes/cache/view.ts';
import { KubernetesError } from '../../../src/kubernetes/index.ts';
import type { KubernetesObject } from '../../../src/kubernetes/index.ts';

/** A generator of numbers in [0, 1) that repeats (mulberry32). */
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

const unreachable = new KubernetesError('Unreachable', 'planted');
const page = { metadata: { resourceVersion: '10' }, items: [] };

const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

interface Setup {
  readonly list?: Origin['list'];
  readonly watch: Origin['watch'];
  readonly clock?: ReturnType<typeof fakeClock>;
  readonly seed?: number;
}

const reflect = ({ list = () => Promise.resolve(page), watch, clock = fakeClock(), seed = 1 }: Setup) => {
  const part: Part = { version: '' };
  const view = createView<KubernetesObject>({}, () => undefined);
  const stopping = new AbortController();
  const restarts: string[] = [];
  const reflector = createReflector({
    origin: { list, watch },
    view,
    part,
    clock,
    logger: silentLogger(),
    random: seeded(seed),
    restarted: (reason) => restarts.push(reason),
    listed: () => undefined,
  });
  const running = reflector.run(stopping.signal);
  return { clock, part, view, restarts, stop: () => (stopping.abort(), running) };
};

test('a hundred watches that lost their API server come back spread over time, each at most every 15 s in the end', async () => {
  const clock = fakeClock();
  const attempts: number[] = [];
  const watch = (): Promise<never> => {
    attempts.push(clock.monotonic());
    return Promise.reject(unreachable);
  };
  const all = Array.from({ length: 100 }, (_, seed) => reflect({ watch, clock, seed }));
  await clock.advance(600_000);
  const late = attempts.filter((at) => at >= 120_000);
  assert(late.length <= 100 * (480 / 15), `${late.length} attempts in 8 minutes`);
  assert(late.length >= 100 * (480 / 30) - 100, `${late.length} attempts in 8 minutes: too few`);
  const perSecond = new Map<number, number>();
  for (const at of late) perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1);
  assert(Math.max(...perSecond.values()) <= 20, `${Math.max(...perSecond.values())} of 100 in one second`);
  await Promise.all(all.map(({ stop }) => stop()));
  assert.equal(clock.waiting, 0);
});

test('a watch that the server ends at once is not taken up in a loop', async () => {
  let watches = 0;
  const { clock, stop } = reflect({
    watch: async () => {
      watches += 1;
      return (async function* (): AsyncGenerator<readonly WatchEvent[]> {})();
    },
  });
  await clock.advance(60_000);
  assert(watches <= 12, `${watches} watches in a minute`);
  await stop();
});

test('a watch that is silent is taken up anew from where it was, all day long, without a list', async () => {
  let lists = 0;
  const versions: string[] = [];
  const { clock, restarts, stop } = reflect({
    list: () => ((lists += 1), Promise.resolve(page)),
    watch: async ({ resourceVersion }, signal) => {
      versions.push(resourceVersion);
      return (async function* (): AsyncGenerator<readonly WatchEvent[]> {
        await forever(signal);
        yield [];
      })();
    },
  });
  await clock.advance(86_400_000);
  assert.equal(lists, 1);
  assert.equal(versions.length, 1 + 864);
  assert.deepEqual(new Set(versions), new Set(['10']));
  assert.deepEqual(new Set(restarts), new Set(['silent']));
  await stop();
  assert.equal(clock.waiting, 0);
});

test('bookmarks move the version that a watch is taken up from', async () => {
  const versions: string[] = [];
  const { clock, stop } = reflect({
    watch: async ({ resourceVersion }, signal) => {
      versions.push(resourceVersion);
      return (async function* (): AsyncGenerator<readonly WatchEvent[]> {
        const next = { name: '', resourceVersion: String(Number(resourceVersion) + 7) };
        yield [{ type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'Thing', metadata: next } }];
        await forever(signal);
      })();
    },
  });
  await clock.advance(250_000);
  assert.deepEqual(versions, ['10', '17', '24']);
  await stop();
});

test('a version that the server refuses to go on from three times is given up for a list', async () => {
  let lists = 0;
  const { clock, stop } = reflect({
    list: () => ((lists += 1), Promise.resolve(page)),
    watch: () => Promise.reject(new KubernetesError('Timeout', 'Too large resource version', { status: 504 })),
  });
  await clock.advance(200 + 400 + 800);
  assert.equal(lists, 2);
  await stop();
});

test('a list whose continuation expires is read again in one piece', async () => {
  const queries: string[] = [];
  const { part, stop, clock } = reflect({
    list: (query) => {
      queries.push(JSON.stringify(query));
      if (query.continue !== undefined)
        return Promise.reject(new KubernetesError('Expired', 'planted', { status: 410 }));
      const more = query.limit === undefined ? {} : { continue: 'next' };
      return Promise.resolve({ metadata: { resourceVersion: '12', ...more }, items: [] });
    },
    watch: (_, signal) => forever(signal),
  });
  await clock.advance(1);
  assert.deepEqual(queries, ['{"limit":500}', '{"limit":500,"continue":"next"}', '{}']);
  assert.equal(part.version, '12');
  await stop();
});
