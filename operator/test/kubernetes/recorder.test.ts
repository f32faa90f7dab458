import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, silentLogger } from '@simfleet/testing';
import type { Event } from '../../src/kubernetes/events/event.ts';
import { createRecorder } from '../../src/kubernetes/events/recorder.ts';
import type { KubernetesApi, KubernetesObject } from '../../src/kubernetes/index.ts';

interface Write {
  readonly at: number;
  readonly about: string;
  readonly count: number;
}

/** Takes down what would be sent, and when. */
const recorder = () => {
  const clock = fakeClock();
  const writes: Write[] = [];
  let dropped = 0;
  const api = {
    create: async (_: unknown, event: Event) => {
      writes.push({ at: clock.monotonic(), about: `${event.regarding.name} ${event.reason}`, count: 1 });
      return event;
    },
    mergePatch: async (_: unknown, { name }: { name: string }, { series }: { series: { count: number } }) => {
      writes.push({ at: clock.monotonic(), about: `${name.split('.')[0]} again`, count: series.count });
    },
  } as unknown as KubernetesApi;
  const events = createRecorder({
    api,
    clock,
    logger: silentLogger(),
    reporter: { controller: 'simfleet.dev/test', instance: 'test' },
    unique: () => String(writes.length),
    dropped: (count) => void (dropped += count),
  });
  return { clock, writes, events, dropped: () => dropped };
};

const object = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace: 'default', uid: name },
});

const described = (reason: string) => ({ type: 'Normal', reason, action: 'Test', note: reason }) as const;

test('an event that repeats every second for five minutes is one object, written ten times more', async () => {
  const { clock, writes, events } = recorder();
  for (let second = 0; second < 300; second++) {
    events.record(object('a'), described('Repeats'));
    await clock.advance(1000);
  }
  assert.equal(writes[0]?.about, 'a Repeats');
  assert(writes.slice(1).every(({ about }) => about === 'a again'));
  assert(writes.length <= 11, `${writes.length} writes`);
  await clock.advance(60_000);
  assert.equal(writes.at(-1)?.count, 300);
  assert.equal(clock.waiting, 0);
});

test('about one object at most one write a second, in the order in which things happened', async () => {
  const { clock, writes, events } = recorder();
  for (const reason of ['First', 'Second', 'Third']) events.record(object('a'), described(reason));
  events.record(object('b'), described('First'));
  await clock.advance(5000);
  const about = (name: string) => writes.filter((write) => write.about.startsWith(name));
  assert.deepEqual(
    about('a').map((write) => [write.at, write.about]),
    [
      [0, 'a First'],
      [1000, 'a Second'],
      [2000, 'a Third'],
    ],
  );
  assert.equal(about('b')[0]?.at, 0);
});

test('what happens again after more than six minutes is told as new', async () => {
  const { clock, writes, events } = recorder();
  events.record(object('a'), described('Rare'));
  await clock.advance(361_000);
  events.record(object('a'), described('Rare'));
  await clock.advance(1000);
  assert.deepEqual(
    writes.map(({ about }) => about),
    ['a Rare', 'a Rare'],
  );
});

test('a thousand objects that report at once do not flood the server', async () => {
  const { clock, writes, events, dropped } = recorder();
  for (let index = 0; index < 1000; index++) events.record(object(`thing-${index}`), described('All'));
  await clock.advance(10_000);
  assert.equal(writes.length, 200);
  assert.equal(dropped(), 800);
  assert.equal(clock.waiting, 0);
});
