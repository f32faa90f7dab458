import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceContext } from '@simfleet/contracts';
import { createTracing } from '@simfleet/runtime';
import { until } from '@simfleet/testing';
import { defineRoute } from '../src/index.ts';
import type { Outcome } from '../src/index.ts';
import { serving } from './serving.ts';

const [traceId, parentId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const received = `00-${traceId}-${parentId}-01`;

const traced = (handle: () => Promise<Outcome>) =>
  defineRoute({
    method: 'post',
    path: '/v1/traced',
    operationId: 'traced',
    tag: 'test',
    summary: '',
    action: 'test.trace',
    responses: { 200: { description: '' } },
    handle,
  });

const scene = async (t: Parameters<typeof serving>[0], handle?: () => Promise<Outcome>) => {
  const tracing = createTracing();
  const seen: (TraceContext | undefined)[] = [];
  const route = traced(async () => {
    await new Promise<void>((resolve) => void setTimeout(resolve, 1));
    seen.push(tracing.current());
    return handle === undefined ? { status: 200, body: {} } : handle();
  });
  const served = await serving(t, [route], { tracing });
  const send = (headers: Record<string, string>): Promise<Response> =>
    served.call('/v1/traced', { method: 'POST', headers });
  return { ...served, seen, send, tracing };
};

test('a trace is continued with a parent id of our own, and the caller’s decision and state', async (t) => {
  const { seen, send, log } = await scene(t);
  assert.equal((await send({ traceparent: received, tracestate: 'vendor=1' })).status, 200);
  await send({ traceparent: `00-${traceId}-${parentId}-00` });
  await send({ traceparent: `cc-${traceId}-${parentId}-ff-what-will-be` });
  const flags = seen.map((context) => context?.traceparent.slice(-2));
  assert.deepEqual(flags, ['01', '00', '01']);
  for (const context of seen) {
    assert.match(context?.traceparent ?? '', new RegExp(`^00-${traceId}-[0-9a-f]{16}-0[01]$`));
    assert.ok(!context?.traceparent.includes(parentId));
  }
  assert.deepEqual(
    seen.map((context) => context?.tracestate),
    ['vendor=1', undefined, undefined],
  );
  await until('the log lines', () => log.entries().filter(({ message }) => message === 'request').length === 3);
  const lines = log.entries().filter(({ message }) => message === 'request');
  assert.deepEqual(new Set(lines.map((line) => line['traceId'])), new Set([traceId]));
  assert.equal(lines[0]?.['spanId'], seen[0]?.traceparent.slice(36, 52));
});

test('a malformed traceparent, or none, begins a new trace that is not sampled, and is no error', async (t) => {
  const { seen, send } = await scene(t);
  const bad = ['nonsense', received.toUpperCase(), `${received}, ${received}`, `00-${'0'.repeat(32)}-${parentId}-01`];
  for (const traceparent of bad)
    assert.equal((await send({ traceparent, tracestate: 'vendor=1' })).status, 200, traceparent);
  await send({});
  assert.equal(new Set(seen.map((context) => context?.traceparent.slice(3, 35))).size, bad.length + 1);
  for (const context of seen) {
    assert.match(context?.traceparent ?? '', /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    assert.ok(!context?.traceparent.includes(traceId));
    assert.equal(context?.tracestate, undefined);
  }
});

test('requests side by side keep their own traces, and nothing of them is left outside', async (t) => {
  const { seen, send, tracing } = await scene(t);
  const ids = Array.from({ length: 20 }, (_, index) => (index + 1).toString(16).padStart(32, '0'));
  await Promise.all(ids.map((id) => send({ traceparent: `00-${id}-${parentId}-01` })));
  assert.deepEqual(seen.map((context) => context?.traceparent.slice(3, 35)).sort(), ids);
  assert.equal(tracing.current(), undefined);
});

test('a fault of ours is logged with the trace that met it', async (t) => {
  const { send, log } = await scene(t, () => Promise.reject(new Error('broken')));
  assert.equal((await send({ traceparent: received })).status, 500);
  const fault = log.entries().find(({ level }) => level === 'error');
  assert.deepEqual([fault?.['traceId'], fault?.message], [traceId, 'a request failed']);
});
