import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Job, JobResult } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Received } from './client.ts';
import { blackScholesPrice, european } from './scene.ts';
import { testStores } from './stores.ts';

const priceOf = ({ estimates }: JobResult) => {
  const price = estimates.find(({ name }) => name === 'price');
  assert.ok(price !== undefined);
  return price;
};

for (const { name: store, skip, open } of testStores()) {
  test(
    `${store}: a European option is priced to the precision asked for, and agrees with Black–Scholes`,
    { skip },
    async (context) => {
      const { client } = await open(context);
      const precision = { metric: 'price', relativeError: '0.001', confidence: '0.99' };
      const { id } = await client.create(european({ precision }));
      const received: Received[] = [];
      for await (const each of client.events(id)) received.push(each);
      const last = received.at(-1)?.event;
      assert.ok(last?.type === 'result');
      const { state, stopReason, resultDigest, references } = last.result;
      assert.deepEqual([state, stopReason], ['Succeeded', 'PrecisionReached']);
      assert.match(resultDigest ?? '', /^[0-9a-f]{64}$/);
      const price = priceOf(last.result);
      const halfWidth = ((price.ciHigh ?? NaN) - (price.ciLow ?? NaN)) / 2;
      assert.ok(halfWidth <= 0.001 * price.value);
      assert.ok(Math.abs(price.value - blackScholesPrice) < 5 * (price.standardError ?? 0));
      assert.ok(Math.abs((references[0]?.value ?? 0) - blackScholesPrice) < 1e-10);
      assert.deepEqual(
        received.map((each) => each.id),
        received.map((_, index) => index + 1),
      );
      const states = received.flatMap(({ event }) => (event.type === 'state' ? [event.state] : []));
      assert.deepEqual(states, ['Queued', 'Running', 'Succeeded']);
      assert.deepEqual((await client.request('GET', `/v1/jobs/${id}/result`)).body, last.result);
    },
  );

  test(
    `${store}: an Asian option is priced with its control variate and gives the same digest twice`,
    { skip },
    async (context) => {
      const { client } = await open(context);
      const parameters = { ...european({}).spec.parameters, steps: 50 };
      const precision = { metric: 'price', relativeError: '0.0005' };
      const spec = { serviceRef: { name: 'asian-option' }, parameters, precision, seed: '7' };
      const [first, second] = await Promise.all([
        client.create({ spec: { ...spec, shards: 1 } }).then(({ id }) => client.result(id)),
        client.create({ spec: { ...spec, shards: 2 } }).then(({ id }) => client.result(id)),
      ]);
      assert.equal(first.stopReason, 'PrecisionReached');
      assert.equal(first.resultDigest, second.resultDigest);
      // Between the geometric average's price (5.57 for 50 steps) and the European one.
      assert.ok(priceOf(first).value > 5.5 && priceOf(first).value < 6);
    },
  );

  test(`${store}: primes are counted exactly, and the 100th is 541`, { skip }, async (context) => {
    const { client } = await open(context);
    const sieve = async (parameters: Record<string, number>) => {
      const { id } = await client.create({ spec: { serviceRef: { name: 'prime-sieve' }, parameters, shards: 2 } });
      const { estimates, stopReason } = await client.result(id);
      assert.equal(stopReason, 'Completed');
      return [estimates[0]?.name, estimates[0]?.value, estimates[0]?.standardError];
    };
    assert.deepEqual(await sieve({ limit: 100_000_000 }), ['count', 5_761_455, 0]);
    assert.deepEqual(await sieve({ index: 100 }), ['prime', 541, 0]);
  });

  test(`${store}: the output of shards can be read, and holds no token`, { skip }, async (context) => {
    const { client, platform } = await open(context);
    const { id } = await client.create(european({ maxPaths: '20000000' }));
    await client.result(id);
    const lines = await until('the last line of both shards', async () => {
      const all = await client.logs(id);
      return all.filter(({ text }) => /blocks accepted/.test(text)).length === 2 && all;
    });
    assert.ok(lines.some(({ shard, text }) => shard === 0 && text.startsWith('shard 0, attempt 1: european-option')));
    assert.ok(!existsSync(join(platform.dataDir, 'tokens', id)));
  });

  test(
    `${store}: while a job runs its token is in a file that only the owner can read, and in no argument or environment`,
    { skip },
    async (context) => {
      const { client, platform } = await open(context);
      const { id } = await client.create(european({ maxPaths: '9000000000' }));
      const file = join(platform.dataDir, 'tokens', id);
      await until('the job runs', async () => (await client.job(id)).state === 'Running');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const token = readFileSync(file, 'utf8');
      for (const pid of platform.shardPids()) {
        for (const place of ['cmdline', 'environ']) {
          assert.ok(!readFileSync(`/proc/${pid}/${place}`, 'utf8').includes(token));
        }
      }
      const foreign = await client.create(european({ maxPaths: '1000' }));
      const withJobToken = openClient({ url: platform.url, token });
      const report = { shard: 0, attempt: 1, done: [] };
      assert.ok(
        [401, 403].includes((await withJobToken.request('POST', `/v1/jobs/${foreign.id}/reports`, report)).status),
      );
      assert.ok([401, 403].includes((await withJobToken.request('GET', '/v1/jobs')).status));
      assert.equal((await client.act(id, 'cancel')).status, 200);
      await until('the token is removed', () => !existsSync(file));
    },
  );

  test(
    `${store}: one instance of a job is created however often the request is repeated with its key`,
    { skip },
    async (context) => {
      const { client } = await open(context);
      const headers = { 'idempotency-key': 'order-4711' };
      const jobs = await Promise.all(
        [1, 2, 3].map(() => client.request('POST', '/v1/jobs', european({ maxPaths: '1000' }), headers)),
      );
      const created = jobs.filter(({ status }) => status === 201);
      assert.ok(created.length >= 1 && jobs.every(({ status }) => status === 201 || status === 409));
      assert.equal(new Set(created.map(({ body }) => (body as Job).id)).size, 1);
    },
  );
}
