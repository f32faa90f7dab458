import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult, Problem, Service } from '@simfleet/contracts';
import { smallBlock } from './support/small-engine.ts';
import { createJob, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { report } from './support/shard.ts';

const digest = 'c'.repeat(64);
const image = `registry.example/draws@sha256:${digest}`;
const container = { image, blockSize: 100, metrics: [{ name: 'price', description: 'What is drawn.' }] };
const options = { containerServices: true };

const publish = (platform: Platform, change: Record<string, unknown> = {}) =>
  platform.call<Service & Problem>('POST', '/v1/services', { name: 'draws', spec: { container, ...change } });

const spec = { serviceRef: { name: 'draws' }, parameters: { level: 10, spread: 1 }, seed: '7', maxPaths: '3050' };

/** What a container does with the report protocol, in any language: lease, run, report, until it is told to stop. */
const runImage = async (platform: Platform, id: string): Promise<void> => {
  const token = await platform.tokenFor(id);
  let { body: reply } = await report(platform, id, token, { shard: 0, attempt: 1, describe: true });
  const { task } = reply;
  assert.ok(task);
  assert.deepEqual([task.engine, task.kernelHash, task.blockSize, task.maxPaths], ['container', digest, 100, 3050]);
  while (reply.action !== 'stop') {
    const { first, count } = reply.lease ?? { first: 0, count: 0 };
    const done = Array.from({ length: count }, (_, index) => {
      const block = first + index;
      const units = Math.min(100, 3050 - block * 100);
      const request = { parameters: task.parameters, seed: BigInt(task.seed), blockSize: 100, block, units };
      return { block, result: smallBlock(request) };
    });
    ({ body: reply } = await report(platform, id, token, { shard: 0, attempt: 1, done }));
  }
};

test('the catalogue has an image under its digest, with its metrics', async (t) => {
  const platform = await startPlatform(t);
  const { status, body } = await publish(platform);
  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual([body.kernelHash, body.exact, body.metrics], [digest, false, container.metrics]);
  assert.equal(body.spec.engine, undefined);
  const other = { ...container, image: `registry.example/draws@sha256:${'d'.repeat(64)}` };
  const changed = await platform.call<Service>('PATCH', '/v1/services/draws', { spec: { container: other } });
  assert.deepEqual([changed.body.version, changed.body.kernelHash], [2, 'd'.repeat(64)]);
});

const refused: readonly [title: string, change: Record<string, unknown>, pointer: RegExp][] = [
  ['engine and container', { engine: 'small-engine' }, /^\/spec$/],
  ['an image without its digest', { container: { ...container, image: 'registry.example/draws:latest' } }, /image$/],
  ['a variable of ours', { container: { ...container, env: [{ name: 'SIMFLEET_URL', value: 'x' }] } }, /env\/0\/name$/],
  ['no metrics', { container: { ...container, metrics: [] } }, /metrics$/],
  [
    'two metrics of one name',
    { container: { ...container, metrics: [container.metrics[0], container.metrics[0]] } },
    /metrics$/,
  ],
  ['a schema that does not compile', { parameters: { type: 'nonsense' } }, /^\/spec\/parameters/],
];
for (const [title, change, pointer] of refused)
  test(`a container service with ${title} is refused`, async (t) => {
    const platform = await startPlatform(t);
    const { status, body } = await publish(platform, change);
    assert.equal(status, 422);
    assert.ok(
      (body.errors ?? []).some((each) => pointer.test(each.pointer)),
      JSON.stringify(body),
    );
  });

test('a job of an image ends with the estimates and the digest that its blocks make', async (t) => {
  const platform = await startPlatform(t, { options });
  await publish(platform);
  const job = await createJob(platform, spec);
  assert.deepEqual([job.state, job.service.engine, job.service.kernelHash], ['Queued', 'container', digest]);
  assert.match(job.message ?? '', /cluster/);
  await runImage(platform, job.id);
  const { body } = await platform.call<JobResult>('GET', `/v1/jobs/${job.id}/result`);
  assert.deepEqual(
    [body.stopReason, body.provenance.generator, body.provenance.engine],
    ['Completed', null, 'container'],
  );
  assert.equal(body.estimates[0]?.paths, 3050);
  assert.ok(Math.abs((body.estimates[0]?.value ?? 0) - 10) < 0.2);
  const again = await createJob(platform, spec);
  await runImage(platform, again.id);
  const second = (await platform.call<JobResult>('GET', `/v1/jobs/${again.id}/result`)).body;
  assert.match(body.resultDigest ?? '', /^[0-9a-f]{64}$/);
  assert.equal(second.resultDigest, body.resultDigest);
});

test('a job of an image can be extended and keeps its build when the service gets another', async (t) => {
  const platform = await startPlatform(t, { options });
  await publish(platform);
  const { id } = await createJob(platform, { ...spec, maxPaths: '1000' });
  const other = { ...container, image: `registry.example/draws@sha256:${'d'.repeat(64)}` };
  await platform.call('PATCH', '/v1/services/draws', { spec: { container: other } });
  const { body } = await platform.call<Job>('POST', `/v1/jobs/${id}:extend`, { maxPaths: '3050' });
  assert.deepEqual([body.service.kernelHash, body.run], [digest, 2]);
  await runImage(platform, id);
  const extended = (await platform.call<Job>('GET', `/v1/jobs/${id}`)).body.resultDigest;
  assert.match(extended ?? '', /^[0-9a-f]{64}$/);
});

test('metrics that the image does not have are mistakes, in the spec and in reports', async (t) => {
  const platform = await startPlatform(t, { options });
  await publish(platform);
  const precision = { metric: 'prise', relativeError: '0.1' };
  const { status, body } = await platform.call('POST', '/v1/jobs', { spec: { ...spec, precision } });
  assert.deepEqual([status, body.errors?.[0]?.pointer], [422, '/spec/precision/metric']);
  const { id } = await createJob(platform, spec);
  const metrics = { other: { mean: 1, m2: 0, nonZero: 100 } };
  const done = [{ block: 0, result: { kind: 'moments', paths: 100, metrics } }];
  const wrong = await report(platform, id, await platform.tokenFor(id), { shard: 0, attempt: 1, done });
  assert.equal(wrong.status, 422);
});

test('a platform without a cluster takes no job of an image, and nobody tries one', async (t) => {
  const without = await startPlatform(t);
  await publish(without);
  const { status, body } = await without.call('POST', '/v1/jobs', { spec });
  assert.deepEqual([status, body.code], [409, 'engine-unavailable']);
  assert.match(body.detail ?? '', /runs an image/);
  const platform = await startPlatform(t, { options });
  await publish(platform);
  const estimate = await platform.call('POST', '/v1/jobs:estimate', { spec });
  assert.deepEqual([estimate.status, estimate.body.code], [409, 'engine-unavailable']);
});
