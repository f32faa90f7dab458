import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult, Problem } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import type { Client } from './client.ts';
import { european, openScene } from './scene.ts';

/** Far more work than any test waits for. */
const endless = { maxPaths: '9000000000000' };
const small = { maxPaths: '20000000', seed: '7' };

const limit = async (client: Client, policy: string, rule: Record<string, unknown>): Promise<void> => {
  const { status, body } = await client.request('PATCH', `/v1/rate-limit-policies/${policy}`, { rule });
  assert.equal(status, 200, JSON.stringify(body));
};

const whenJob = (client: Client, id: string, what: string, is: (job: Job) => boolean): Promise<Job> =>
  until(
    what,
    async () => {
      const job = await client.job(id);
      return is(job) && job;
    },
    60_000,
  );

/** What the job said of itself on its way. */
const sayings = async (client: Client, id: string): Promise<readonly string[]> => {
  const said: string[] = [];
  for await (const { event } of client.events(id)) {
    if (event.type === 'state') said.push(`${event.state} ${event.message ?? ''}`.trim());
  }
  return said;
};

const openLimited = (context: Parameters<typeof openScene>[0]) =>
  openScene(context, { flags: ['--rate-limits', 'memory:'] });

test('jobs beyond the quota wait for their turn, and end with the answer of one that never waited', async (context) => {
  const { client, platform } = await openLimited(context);
  const undisturbed = await client.result((await client.create(european(small))).id);

  await limit(client, 'running-jobs', { limit: 1 });
  const first = await client.create(european(endless));
  await whenJob(client, first.id, 'the first runs', ({ state }) => state === 'Running');
  const second = await client.create(european(small));
  const third = await client.create(european(small));
  assert.deepEqual([second.waitsFor, third.waitsFor], ['jobs-running', 'jobs-running']);
  assert.equal(second.message, 'waits: the customer runs 1 of 1 jobs');

  assert.equal((await client.act(first.id, 'suspend')).status, 200);
  const results: JobResult[] = [await client.result(second.id), await client.result(third.id)];
  for (const { resultDigest } of results) assert.equal(resultDigest, undisturbed.resultDigest);
  const said = await sayings(client, second.id);
  assert.deepEqual(said, ['Queued waits: the customer runs 1 of 1 jobs', 'Queued', 'Running', 'Succeeded']);

  assert.equal((await client.act(first.id, 'resume')).status, 200);
  await whenJob(client, first.id, 'the first runs again', ({ state }) => state === 'Running');
  const waits = await client.create(european(small));
  await limit(client, 'running-jobs', { limit: 2 });
  assert.equal((await client.result(waits.id)).resultDigest, undisturbed.resultDigest);
  assert.equal(platform.child.exitCode, null);
});

test('a queue takes as many jobs as it may, and says when it is full', async (context) => {
  const { client } = await openLimited(context);
  await limit(client, 'running-jobs', { limit: 1 });
  await limit(client, 'queued-jobs', { limit: 5 });
  const first = await client.create(european(endless));
  await whenJob(client, first.id, 'the first runs', ({ state }) => state === 'Running');
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.request('POST', '/v1/jobs', european(small))),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 5);
  const [refused] = answers.filter(({ status }) => status === 429);
  const problem = refused?.body as Problem;
  assert.deepEqual([problem.code, problem['violated-policies']], ['quota-exceeded', ['queued-jobs']]);
  assert.match(refused?.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
});

test('a job that runs out of paths waits until there are more, goes on by itself, and has the same answer', async (context) => {
  const { client } = await openLimited(context);
  const bounds = { maxPaths: '60000000', seed: '9', activeDeadlineSeconds: 3600 };
  // Enough for one and a half of the job, however long that takes.
  await limit(client, 'paths-per-day', { limit: 90_000_000 });
  const undisturbed = await client.result((await client.create(european(bounds))).id);
  const { id } = await client.create(european(bounds));
  await whenJob(client, id, 'it waits for paths', ({ waitsFor }) => waitsFor === 'paths');
  const refused = await client.request('POST', '/v1/jobs', european(small));
  assert.deepEqual([refused.status, (refused.body as Problem)['violated-policies']], [429, ['paths-per-day']]);
  await limit(client, 'paths-per-day', { limit: 1_000_000_000 });
  const result = await client.result(id);
  assert.deepEqual([result.stopReason, result.resultDigest], ['Completed', undisturbed.resultDigest]);
  const said = (await sayings(client, id)).join('\n');
  assert.match(said, /^Queued waits: the customer has used its 90000000 paths of the quota paths-per-day/m);
});
