import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { socketPath } from '@simfleet/contracts';
import type { LiveEvent } from '@simfleet/contracts';
import { connectClient } from '@simfleet/sockets/contract';
import type { TestClient } from '@simfleet/sockets/contract';
import { until } from '@simfleet/testing';
import { adminToken, createJob, smallSpec, startPlatform } from './support/platform.ts';
import { serveSockets } from './support/sockets.ts';

/** Of one event, bytes. */
const bulk = 4096;
/** Enough events to fill what a kernel holds for a client that does not read, several times. */
const many = 5000;

const noise = (id: number): LiveEvent => ({
  ...{ type: 'state', time: '2026-01-01T00:00:00.000Z', state: 'Running', stopReason: null },
  message: String(id).padEnd(bulk, '.'),
});

const scene = async (t: TestContext) => {
  const platform = await startPlatform(t);
  const sockets = await serveSockets(t, platform);
  const { id } = await createJob(platform, smallSpec());
  const append = async (count: number): Promise<number> => {
    const { log } = platform.storage;
    const last = await log.last(`live:${id}`);
    const entries = Array.from({ length: count }, (_, index) => ({
      key: `noise:${last + index}`,
      data: noise(last + index) as never,
    }));
    await log.append(`live:${id}`, entries);
    platform.bus.broadcast(`live.${id}`, null);
    return last + count;
  };
  const watch = async (after: number): Promise<TestClient> => {
    const client = await connectClient(sockets.url.replace(socketPath, ''), {
      path: socketPath,
      protocols: ['simfleet.v1'],
      headers: { authorization: `Bearer ${adminToken}` },
    });
    client.send(JSON.stringify({ id: 1, watch: { job: id, after } }));
    await client.messages(1);
    return client;
  };
  return { platform, append, watch };
};

const idsOf = ({ received }: TestClient): readonly number[] =>
  received.flatMap((text) => {
    const id = /"event":\{"id":(\d+)/.exec(String(text).slice(0, 120))?.[1];
    return id === undefined ? [] : [Number(id)];
  });

const upTo = (last: number, after = 0): readonly number[] =>
  Array.from({ length: last - after }, (_, at) => after + at + 1);

test('a client that reads too slowly is closed with 4008, and has all when it comes back; the others notice nothing', async (t) => {
  const { append, watch } = await scene(t);
  const [slow, quick] = [await watch(0), await watch(0)];
  await until('both to be there', () => idsOf(slow).length > 0 && idsOf(quick).length > 0);
  slow.pause();
  let last = 0;
  for (let sent = 0; sent < many; sent += 100) {
    last = await append(100);
    await until('the quick one to have them', () => idsOf(quick).length === last);
  }
  slow.resume();
  assert.deepEqual(await slow.end, { code: 4008, reason: 'slow-consumer' });
  const seen = idsOf(slow);
  assert.deepEqual(seen, upTo(seen.length), 'what it received has no gap');
  assert.ok(seen.length < last, 'it was closed on the way');
  const back = await watch(seen.length);
  await until('the rest', () => idsOf(back).length === last - seen.length);
  assert.deepEqual(idsOf(back), upTo(last, seen.length));
  assert.deepEqual(idsOf(quick), upTo(last));
});

test('who reads a long history slowly is waited for, a page at a time', async (t) => {
  const { platform, append, watch } = await scene(t);
  const last = await append(many);
  const pages = async (): Promise<number> => {
    const shown = await platform.context.metrics.metrics();
    return Number(/simfleet_live_catch_up_reads_total (\d+)/.exec(shown)?.[1]);
  };
  const slow = await watch(0);
  slow.pause();
  let before = -1;
  await until('the kernel to hold no more', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = await pages();
    const isStill = now === before;
    before = now;
    return isStill;
  });
  assert.ok(before < many / 64, `${before} pages were read for a client that reads nothing`);
  slow.resume();
  await until('all of it', () => idsOf(slow).length === last);
  assert.deepEqual(idsOf(slow), upTo(last));
});
