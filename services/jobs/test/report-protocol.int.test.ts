import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { Job, JobResult, Problem, ReportReply } from '@simfleet/contracts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openRunner, openShard, report, work } from './support/shard.ts';

const started = async (t: Parameters<typeof startPlatform>[0], spec = smallSpec()) => {
  const platform = await startPlatform(t);
  const job = await createJob(platform, spec);
  const token = await platform.tokenFor(job.id);
  const send = (body: unknown) => report(platform, job.id, token, body);
  const { body } = await send({ shard: 0, attempt: 1, describe: true });
  if (body.task === undefined) throw new Error('no task');
  const runner = openRunner(body.task, platform.engines);
  const pointers = async (body: unknown): Promise<readonly string[]> => {
    const answer = await send(body);
    assert.equal(answer.status, 422, JSON.stringify(answer.body));
    return (answer.body as unknown as Problem).errors.map(({ pointer }) => pointer);
  };
  const job2 = async () => (await platform.call<Job>('GET', `/v1/jobs/${job.id}`)).body;
  return { platform, job, token, send, runner, pointers, read: job2 };
};

test('the first report gets the task and a lease that starts at block 0', async (t) => {
  const { platform, job, token } = await started(t);
  const { body } = await report(platform, job.id, token, { shard: 0, attempt: 1, describe: true });
  assert.equal(body.action, 'continue');
  assert.equal(body.lease?.first, 0);
  assert.deepEqual(body.task, {
    engine: 'small-engine',
    kernelHash: 'a'.repeat(64),
    parameters: { level: 10, spread: 1 },
    seed: '7',
    blockSize: 100,
    maxPaths: 3050,
  });
});

test('a report with a wrong token, with that of another job or without one is refused', async (t) => {
  const { platform, job, token } = await started(t);
  const other = await createJob(platform, smallSpec());
  const foreign = await platform.tokenFor(other.id);
  const body = { shard: 0, attempt: 1 };
  assert.equal((await report(platform, job.id, 'x'.repeat(43), body)).status, 401);
  assert.equal((await report(platform, job.id, foreign, body)).status, 401);
  assert.equal((await report(platform, 'job-of-nobody', token, body)).status, 401);
  assert.equal((await platform.call('POST', `/v1/jobs/${job.id}/reports`, body, { authorization: '' })).status, 401);
  // The administrator is no shard.
  assert.equal((await platform.call('POST', `/v1/jobs/${job.id}/reports`, body)).status, 401);
});

test('a wrong token is refused before a byte of the report is read', async (t) => {
  const { platform, job } = await started(t);
  const request = httpRequest(`${platform.url}/v1/jobs/${job.id}/reports`, {
    method: 'POST',
    headers: { authorization: 'Bearer wrong', 'content-type': 'application/json', 'content-length': 8_000_000 },
  });
  t.after(() => request.destroy());
  request.on('error', () => undefined);
  request.write('{');
  const [response] = (await once(request, 'response', { signal: AbortSignal.timeout(5_000) })) as [IncomingMessage];
  assert.equal(response.statusCode, 401);
});

test('a job token opens nothing but reports', async (t) => {
  const { platform, job, token } = await started(t);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await platform.call('GET', `/v1/jobs/${job.id}`, undefined, headers)).status, 401);
});

test('a block outside the plan is named, and nothing of the report is stored', async (t) => {
  const { pointers, runner, read } = await started(t);
  const good = runner.run(0);
  assert.deepEqual(await pointers({ shard: 0, attempt: 1, done: [good, { ...good, block: 31 }] }), ['/done/1/block']);
  assert.equal((await read()).progress.blocksReported, 0);
});

test('a result that cannot be of the block is named', async (t) => {
  const { pointers, runner } = await started(t);
  const last = runner.run(30);
  assert.equal(last.result.kind === 'moments' && last.result.paths, 50);
  assert.deepEqual(await pointers({ shard: 0, attempt: 1, done: [{ block: 0, result: last.result }] }), [
    '/done/0/result/paths',
  ]);
  assert.deepEqual(
    await pointers({ shard: 0, attempt: 1, done: [{ block: 0, result: { kind: 'counts', counts: [1] } }] }),
    ['/done/0/result/kind'],
  );
  const price = { mean: 1, m2: 1, nonZero: 100 };
  const moments = (metrics: unknown) => ({
    shard: 0,
    attempt: 1,
    done: [{ block: 0, result: { kind: 'moments', paths: 100, metrics } }],
  });
  assert.deepEqual(await pointers(moments({ price, vega: price })), ['/done/0/result/metrics/vega']);
  assert.deepEqual(await pointers(moments({})), ['/done/0/result/metrics/price']);
  assert.deepEqual(await pointers(moments({ price: { ...price, m2: -1 } })), ['/done/0/result/metrics/price/m2']);
});

test('numbers that JSON cannot hold are refused', async (t) => {
  const { platform, job, token, pointers } = await started(t);
  const body = (mean: string) =>
    `{"shard":0,"attempt":1,"done":[{"block":0,"result":{"kind":"moments","paths":100,"metrics":{"price":{"mean":${mean},"m2":1,"nonZero":1}}}}]}`;
  assert.equal((await report(platform, job.id, token, body('NaN'))).status, 400);
  assert.deepEqual(await pointers(body('1e999')), ['/done/0/result/metrics/price/mean']);
  assert.deepEqual(await pointers(body('null')), ['/done/0/result/metrics/price/mean']);
});

test('a report out of shape is refused with a pointer per mistake', async (t) => {
  const { pointers } = await started(t);
  assert.deepEqual(await pointers({ shard: -1, attempt: 1.5 }), ['/shard', '/attempt']);
  assert.deepEqual(await pointers({ shard: 0, attempt: 1, dome: [] }), ['/dome']);
  assert.deepEqual(await pointers([]), ['']);
});

test('the same block with the same bytes is fine, whoever reports it', async (t) => {
  const { send, runner, read } = await started(t);
  const done = [runner.run(0), runner.run(1)];
  assert.equal((await send({ shard: 0, attempt: 1, done })).status, 200);
  assert.equal((await send({ shard: 0, attempt: 1, done })).status, 200);
  assert.equal((await send({ shard: 1, attempt: 1, done })).status, 200);
  assert.equal((await read()).progress.blocks, 2);
});

test('the same block with other bytes fails the job as not reproducible', async (t) => {
  const { platform, job, send, runner, read } = await started(t);
  const done = runner.run(3);
  if (done.result.kind !== 'moments' || done.result.metrics['price'] === undefined) throw new Error('no moments');
  await send({ shard: 0, attempt: 1, done: [done] });
  const price = { ...done.result.metrics['price'], mean: 10.5 };
  const other = { block: 3, result: { ...done.result, metrics: { price } } };
  const answer = await send({ shard: 1, attempt: 1, done: [other] });
  assert.equal(answer.status, 409);
  assert.equal((answer.body as unknown as Problem).code, 'not-reproducible');
  assert.deepEqual(await read().then(({ state, stopReason }) => [state, stopReason]), ['Failed', 'NotReproducible']);
  assert.equal((await send({ shard: 0, attempt: 1 })).body.action, 'stop');
  const result = await platform.call<JobResult>('GET', `/v1/jobs/${job.id}/result`);
  assert.equal(result.body.resultDigest, null);
});

test('two shards never get the same block, and a released lease goes to the next that asks', async (t) => {
  const { send } = await started(t);
  const first = (await send({ shard: 0, attempt: 1 })).body.lease;
  const second = (await send({ shard: 1, attempt: 1 })).body.lease;
  assert.deepEqual([first?.first, second?.first], [0, 2]);
  const released = (await send({ shard: 0, attempt: 1, release: true })).body;
  assert.equal(released.lease, null);
  assert.equal((await send({ shard: 2, attempt: 1 })).body.lease?.first, 0);
});

test('a newer attempt takes over, the older one still reports but gets no lease', async (t) => {
  const { send, runner, read } = await started(t);
  await send({ shard: 0, attempt: 1 });
  assert.equal((await send({ shard: 0, attempt: 2, describe: true })).body.lease?.first, 0);
  const late: ReportReply = (await send({ shard: 0, attempt: 1, done: [runner.run(0)] })).body;
  assert.equal(late.lease, null);
  assert.ok((late.retryAfterMs ?? 0) > 0);
  assert.equal((await read()).progress.blocks, 1);
});

test('the end of a shard frees its lease', async (t) => {
  const { platform, job, send } = await started(t);
  await send({ shard: 0, attempt: 1 });
  await platform.bus.publish({
    specversion: '1.0',
    id: 'e1',
    source: `/local-runs/${job.id}`,
    sourceversion: 1,
    type: 'dev.simfleet.shard.ended.v1',
    time: new Date().toISOString(),
    customer: 'default',
    datacontenttype: 'application/json',
    data: {
      jobId: job.id,
      customer: 'default',
      generation: 1,
      shard: 0,
      attempt: 1,
      exitCode: 1,
      signal: null,
      exhausted: false,
      message: '',
    },
  });
  assert.equal((await send({ shard: 1, attempt: 1 })).body.lease?.first, 0);
});

test('a report to a job that is over answers stop, and its blocks change nothing', async (t) => {
  const { platform, job, token, send, runner } = await started(t);
  const shard = await openShard(platform, job.id, token);
  await work(shard);
  const before = await platform.call<JobResult>('GET', `/v1/jobs/${job.id}/result`);
  assert.deepEqual((await send({ shard: 3, attempt: 1, done: [runner.run(0)] })).body, { action: 'stop', lease: null });
  assert.deepEqual((await platform.call<JobResult>('GET', `/v1/jobs/${job.id}/result`)).body, before.body);
});

test('no token is registered for a job that is over', async (t) => {
  const { platform, job } = await started(t);
  await platform.call('POST', `/v1/jobs/${job.id}:cancel`);
  const { accepted } = await platform.bus.request('jobs.register-token', { jobId: job.id, sha256: 'a'.repeat(64) });
  assert.equal(accepted, false);
});

test('blocks reported out of order, by several shards, give the digest of one shard in order', async (t) => {
  const { platform, job, token, send, runner } = await started(t);
  await work(await openShard(platform, job.id, token));
  const again = await createJob(platform, smallSpec());
  const other = await platform.tokenFor(again.id);
  for (let block = 30; block >= 0; block -= 3) {
    const done = [block, block - 1, block - 2].filter((each) => each >= 0).map(runner.run);
    await report(platform, again.id, other, { shard: block % 5, attempt: 1, done });
  }
  const digestOf = async (id: string) =>
    (await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`)).body.resultDigest;
  assert.equal(await digestOf(again.id), await digestOf(job.id));
  assert.equal((await send({ shard: 0, attempt: 1 })).body.action, 'stop');
});

test('a shard that refuses its input fails the job with what it said', async (t) => {
  const { platform, job, read } = await started(t);
  await platform.bus.publish({
    specversion: '1.0',
    id: 'e1',
    source: `/local-runs/${job.id}`,
    sourceversion: 1,
    type: 'dev.simfleet.shard.ended.v1',
    time: new Date().toISOString(),
    customer: 'default',
    datacontenttype: 'application/json',
    data: {
      jobId: job.id,
      customer: 'default',
      generation: 1,
      shard: 0,
      attempt: 1,
      exitCode: 42,
      signal: null,
      exhausted: false,
      message: 'no such input',
    },
  });
  const { state, stopReason, message } = await read();
  assert.deepEqual([state, stopReason, message], ['Failed', 'BadInput', 'no such input']);
});

const exhaust = (platform: Platform, jobId: string) => (shard: number, sourceversion: number) =>
  platform.bus.publish({
    specversion: '1.0',
    id: `e${sourceversion}`,
    source: `/local-runs/${jobId}`,
    sourceversion,
    type: 'dev.simfleet.shard.ended.v1',
    time: new Date().toISOString(),
    customer: 'default',
    datacontenttype: 'application/json',
    data: {
      jobId,
      customer: 'default',
      generation: 1,
      shard,
      attempt: 7,
      exitCode: 1,
      signal: null,
      exhausted: true,
      message: 'boom',
    },
  });

test('the job fails once every shard has used up its retries, and not before', async (t) => {
  const { platform, job, read } = await started(t, smallSpec({ shards: 2 }));
  const end = exhaust(platform, job.id);
  await end(0, 1);
  await end(0, 1);
  assert.equal((await read()).state, 'Running');
  await end(1, 2);
  const { stopReason, message } = await read();
  assert.equal(stopReason, 'RetriesExhausted');
  assert.match(message ?? '', /boom/);
});

test('the job fails too when it gives up the last shard that had retries left', async (t) => {
  const { platform, job, read } = await started(t, smallSpec({ shards: 2 }));
  await exhaust(platform, job.id)(0, 1);
  assert.equal((await read()).state, 'Running');
  const { status, body } = await platform.call<Job>('PATCH', `/v1/jobs/${job.id}`, { spec: { shards: 1 } });
  assert.deepEqual([status, body.state, body.stopReason], [200, 'Failed', 'RetriesExhausted']);
});
