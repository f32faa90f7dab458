import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { systemClock } from '@simfleet/runtime';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { z } from 'zod';
import { createIdempotencyStore, defineRoute, idempotencyCollection } from '../src/index.ts';
import type { IdempotencyRecord } from '../src/index.ts';
import { problemOf, serving } from './serving.ts';

/** A server whose one route makes a thing once per effect id; `fail` makes a run fail after its effect. */
const making = async (t: TestContext) => {
  const things: string[] = [];
  const runs: string[] = [];
  const faults: (ErrorCode | 'crash')[] = [];
  const collection = await openMemoryStorage().collection<IdempotencyRecord>(idempotencyCollection);
  const idempotency = createIdempotencyStore({
    collection,
    clock: systemClock,
    owner: 'only',
    isAlive: async () => true,
  });
  const make = defineRoute({
    method: 'post',
    path: '/v1/things',
    operationId: 'makeThing',
    tag: 'test',
    summary: 'Make a thing.',
    action: 'things.make',
    request: { body: z.strictObject({ size: z.int() }) },
    responses: { 201: { description: 'Made.' } },
    handle: ({ body, effectId }) => {
      runs.push(effectId);
      if (!things.includes(effectId)) things.push(effectId);
      const fault = faults.shift();
      if (fault === 'crash') throw new Error('crashed');
      if (fault !== undefined) throw new SimfleetError(fault, 'for a test');
      const headers = { etag: '"1"', location: `/v1/things/${effectId}` };
      return Promise.resolve({ status: 201, body: { id: effectId, size: body.size }, headers });
    },
  });
  const { call } = await serving(t, [make], { idempotency });
  const send = (key: string | null, size = 1, path = '/v1/things') =>
    call(path, { method: 'POST', json: { size }, headers: key === null ? {} : { 'idempotency-key': key } });
  return { send, things, runs, faults };
};

test('a repetition gets the first answer again, head and body, and says so', async (t) => {
  const { send, things } = await making(t);
  const first = await send('key');
  const again = await send('"key"');
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.status, 201);
  for (const name of ['etag', 'location', 'content-type']) {
    assert.equal(again.headers.get(name), first.headers.get(name));
  }
  assert.equal(await again.text(), await first.text());
  assert.equal(things.length, 1);
});

test('without a key every request has an effect of its own', async (t) => {
  const { send, things } = await making(t);
  await Promise.all([send(null), send(null)]);
  assert.equal(things.length, 2);
});

test('the same key with another body is refused and does nothing', async (t) => {
  const { send, things } = await making(t);
  await send('key', 1);
  const refused = await send('key', 2);
  assert.equal(refused.status, 422);
  assert.equal((await problemOf(refused)).code, 'idempotency-conflict');
  assert.equal(things.length, 1);
});

test('many at the same time have one effect', async (t) => {
  const { send, things } = await making(t);
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await send('key')).status));
  assert.ok(statuses.every((status) => status === 201 || status === 409));
  assert.equal(things.length, 1);
});

test('after a fault of ours or a temporary one a repetition runs again, to the same effect', async (t) => {
  for (const fault of ['crash', 'unavailable', 'storage-full', 'version-conflict'] as const) {
    const { send, things, runs, faults } = await making(t);
    faults.push(fault);
    assert.notEqual((await send('key')).status, 201);
    assert.equal((await send('key')).status, 201, fault);
    assert.deepEqual([runs.length, things.length], [2, 1]);
  }
});

test('a refusal by the handler is kept like any answer', async (t) => {
  const { send, runs, faults } = await making(t);
  faults.push('already-exists');
  assert.equal((await send('key')).status, 409);
  const again = await send('key');
  assert.equal(again.status, 409);
  assert.equal(again.headers.get('content-type'), 'application/problem+json');
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(runs.length, 1);
});

test('a request with mistakes takes no key', async (t) => {
  const { send } = await making(t);
  assert.equal((await send('key', 1.5)).status, 422);
  assert.equal((await send('key', 1)).status, 201);
});

test('a malformed key is a mistake of the request', async (t) => {
  const { send, things } = await making(t);
  assert.equal((await problemOf(await send('two words'))).errors[0]?.pointer, '#header/Idempotency-Key');
  assert.equal(things.length, 0);
});
