import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Job, Page, Problem } from '@simfleet/contracts';
import {
  natsServer,
  postgresMissing,
  redisMissing,
  startNats,
  startPostgres,
  startRedis,
  temporaryDirectory,
  until,
} from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { startProcess } from './platform.ts';
import { european } from './scene.ts';

const missing = natsServer();
const skip = postgresMissing() ?? redisMissing() ?? ('missing' in missing ? missing.missing : false);

/** Two replicas of the API on one database, one bus and one Redis. */
const openReplicas = async (context: TestContext) => {
  const { path } = temporaryDirectory(context);
  const postgres = await startPostgres();
  context.after(() => postgres.stop());
  const nats = await startNats(context, {});
  const redis = await startRedis(context);
  const variables = {
    SIMFLEET_STORAGE: await postgres.createDatabase(),
    SIMFLEET_BUS: nats.url,
    SIMFLEET_RATE_LIMITS: redis.url,
    SIMFLEET_RATE_LIMIT_REPLICAS: '2',
    // A busy machine is no loss of Redis: counts are exact only while it decides.
    SIMFLEET_RATE_LIMIT_TIMEOUT_MS: '5000',
  };
  const adminToken = join(path, 'admin-token');
  const flags = ['--target', 'jobs', '--port', '0', '--drain-ms', '0', '--admin-token-file', adminToken];
  const token = (): string => readFileSync(adminToken, 'utf8').trim();
  const urls: string[] = [];
  const start = async (): Promise<Client> => {
    const process = await startProcess([...flags, '--cursor-key-file', join(path, 'cursor-key')], variables);
    context.after(() => process.kill());
    urls.push(process.url);
    return openClient({ url: process.url, token: token() });
  };
  const replicas = [await start(), await start()] as const;
  return { replicas, redis, urls, token };
};

const suspended = { ...european({ maxPaths: '1000000', suspend: true }) };

test(
  'replicas that share a Redis admit together what the limit says, and go on without it',
  { skip, timeout: 120_000 },
  async (context) => {
    const { replicas, redis, urls, token } = await openReplicas(context);
    const [here, there] = replicas;
    const submit = (count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          (index % 2 === 0 ? here : there).request('POST', '/v1/jobs', suspended),
        ),
      );

    await context.test('exactly 100 of 130 jobs that are created at once', async () => {
      const answers = await submit(130);
      assert.deepEqual(
        [201, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length),
        [100, 30],
      );
      const refused = answers.find(({ status }) => status === 429);
      assert.deepEqual((refused?.body as Problem)['violated-policies'], ['job-submission']);
      const seconds = Number(refused?.headers.get('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 60, String(seconds));
      const { body } = await there.request('GET', '/v1/jobs?total=exact&limit=1');
      assert.equal((body as Page<Job>).total?.count, 100);
    });

    await context.test('a limit that is changed at one replica holds at the other', async () => {
      const changed = await here.request('PATCH', '/v1/rate-limit-policies/job-submission', { rule: { limit: 102 } });
      assert.equal(changed.status, 200);
      await until('the other replica knows it', async () => {
        const { headers } = await there.request('POST', '/v1/jobs', { spec: {} });
        return (headers.get('ratelimit-policy') ?? '').includes('"job-submission";q=102');
      });
    });

    await context.test('without Redis each holds to its share, in time, and both are ready', async () => {
      await redis.kill();
      const begun = performance.now();
      const listed = await Promise.all(replicas.map((replica) => replica.request('GET', '/v1/services')));
      context.diagnostic(`answered after ${Math.round(performance.now() - begun)} ms`);
      assert.deepEqual(
        listed.map(({ status }) => status),
        [200, 200],
      );
      const ready = await Promise.all(replicas.map((replica) => replica.request('GET', '/readyz')));
      assert.deepEqual(
        ready.map(({ status }) => status),
        [200, 200],
      );
      // Half of 102 each.
      const created = (await submit(140)).filter(({ status }) => status === 201);
      assert.equal(created.length, 102);
      await redis.restart();
      await until('Redis decides again', async () => {
        const answer = await fetch(`${urls[0]}/metrics`, { headers: { authorization: `Bearer ${token()}` } });
        return (await answer.text()).includes('simfleet_rate_limit_store_up 1');
      });
    });
  },
);
