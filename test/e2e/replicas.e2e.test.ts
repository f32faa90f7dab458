import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@simfleet/contracts';
import { postgresMissing, startPostgres, until } from '@simfleet/testing';
import { fleetMissing, openFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { follow } from './follow.ts';
import type { ServiceProcess } from './platform.ts';
import { openScene } from './scene.ts';
import { blocksOf, created, leaseOf, long, short, strike, takeOverMs } from './strike.ts';

const skip = postgresMissing() ?? fleetMissing();

test('services as separate processes on PostgreSQL and NATS', { skip, timeout: 240_000 }, async (context) => {
  const postgres = await startPostgres();
  context.after(() => postgres.stop());
  const { client: calm } = await openScene(context);
  const undisturbed = await calm.create(long).then(({ id }) => calm.result(id));
  const fleet = await openFleet(context, { storage: await postgres.createDatabase() });
  const { client, jobs, executors } = fleet;

  await context.test('give the digest of one process', async ({ signal }) => {
    const { result } = await follow(client, await created(fleet, long), signal);
    assert.equal(result.stopReason, 'Completed');
    assert.equal(result.resultDigest, undisturbed.resultDigest);
  });

  const deaths: readonly (readonly [string, (holder: ServiceProcess) => unknown])[] = [
    ['dies', (holder) => holder.kill()],
    ['hangs', (holder) => holder.pause()],
  ];
  for (const [what, how] of deaths) {
    await context.test(`when the replica that folds a job ${what}, the other goes on within 5 s`, async (inner) => {
      const id = await created(fleet, long);
      const followed = follow(client, id, inner.signal);
      const { holder, movedMs, goesOnMs } = await strike(fleet, id, { lease: leaseOf(id), among: jobs, how });
      inner.diagnostic(`lease moved after ${movedMs} ms, blocks counted again after ${goesOnMs} ms`);
      jobs[holder]?.resume();
      if (what === 'dies') jobs[holder] = await fleet.startJobs(holder);
      const { result, connections } = await followed;
      inner.diagnostic(`${connections} connections of the stream`);
      assert.equal(result.resultDigest, undisturbed.resultDigest);
      assert.ok(movedMs < takeOverMs);
    });
  }

  for (const [what, how] of deaths) {
    await context.test(`when the active executor ${what}, the other runs its jobs within 5 s`, async (inner) => {
      const id = await created(fleet, long);
      const followed = follow(client, id, inner.signal);
      const struck = await strike(fleet, id, { lease: 'local-executor', among: executors, how });
      inner.diagnostic(`lease moved after ${struck.movedMs} ms`);
      const former = executors[struck.holder]!;
      former.resume();
      await until('the shards of the former one to end', () => former.shardPids().length === 0, 20_000);
      if (what === 'dies') executors[struck.holder] = await fleet.startExecutor(struck.holder);
      const { result } = await followed;
      assert.equal(result.resultDigest, undisturbed.resultDigest);
      assert.ok(struck.movedMs < takeOverMs);
    });
  }

  await context.test('a rolling restart fails no request, and stops no job', async (inner) => {
    let over = false;
    const statuses: number[] = [];
    const keepAsking = async (ask: () => Promise<{ readonly status: number }>): Promise<void> => {
      while (!over)
        statuses.push(
          await ask().then(
            ({ status }) => status,
            () => 0,
          ),
        );
    };
    const digests = new Set<string | null>();
    const keepRunning = async (): Promise<void> => {
      while (!over) digests.add((await follow(client, await created(fleet, long), inner.signal)).result.resultDigest);
    };
    const busy = [
      keepAsking(() => client.request('GET', '/v1/jobs?limit=5')),
      keepAsking(() => client.request('GET', '/v1/services')),
      keepAsking(() => client.request('POST', '/v1/jobs', short)),
      keepRunning(),
    ];
    for (const index of [0, 1]) {
      await stopsWhileServing(jobs[index]!, fleet.token);
      jobs[index] = await fleet.startJobs(index);
      await until('the load balancer to find it', () => isServing(fleet, index), 10_000);
    }
    for (const index of [0, 1]) {
      assert.equal(await executors[index]?.stop(), 0);
      executors[index] = await fleet.startExecutor(index);
    }
    over = true;
    await Promise.all(busy);
    const failed = statuses.filter((status) => status >= 500 || status === 0);
    inner.diagnostic(`${statuses.length} requests, ${failed.length} failed`);
    assert.deepEqual(failed, []);
    assert.deepEqual([...digests], [undisturbed.resultDigest]);
  });

  const outages = [
    ['PostgreSQL', 'storage', `/v1/services`, () => postgres.kill(), () => postgres.start()],
    // Shards' output is asked of the active executor over the bus.
    ['NATS', 'bus', '/v1/jobs/{id}/logs', () => fleet.nats.kill(), () => fleet.nats.restart()],
  ] as const;
  for (const [name, module, path, takeAway, bringBack] of outages) {
    await context.test(
      `without ${name} requests answer 503 with Retry-After, and all goes on when it is back`,
      async (inner) => {
        const id = await created(fleet, long);
        const followed = follow(client, id, inner.signal);
        await until('some blocks', async () => (await blocksOf(fleet, id)) >= 20, 30_000);
        await takeAway();
        const refused = await until('a refusal', async () => {
          const answer = await client.request('GET', `/v1/jobs/${id}`);
          return answer.status === 200 ? false : answer;
        });
        assert.deepEqual([refused.status, (refused.body as Problem).code], [503, 'unavailable']);
        assert.equal(refused.headers.get('retry-after'), '1');
        for (const { url } of jobs) {
          await refusesAsUnavailable(url, path.replace('{id}', id), fleet.token);
          const { status, body } = await until('an unready replica', async () => {
            const answer = await fetch(`${url}/readyz`);
            return answer.status !== 200 && { status: answer.status, body: (await answer.json()) as Readiness };
          });
          assert.equal(status, 503);
          assert.ok(
            body.modules.some((each) => each.name === module && !each.ready),
            JSON.stringify(body),
          );
        }
        await bringBack();
        const { result } = await followed;
        assert.equal(result.resultDigest, undisturbed.resultDigest);
        for (const each of [...jobs, ...executors]) {
          await until('all to be ready', async () => (await fetch(`${each.url}/readyz`)).status === 200, 20_000);
        }
        assert.equal((await client.result(await created(fleet, short))).state, 'Succeeded');
      },
    );
  }
});

interface Readiness {
  readonly phase: string;
  readonly modules: readonly { readonly name: string; readonly ready: boolean }[];
}

/** A replica that was asked to stop says so at once, and still answers for balancers that have not noticed. */
const stopsWhileServing = async (replica: ServiceProcess, token: string): Promise<void> => {
  const ended = replica.stop();
  const headers = { authorization: `Bearer ${token}` };
  const { phase } = await until('a replica that stops', async () => {
    const answer = await fetch(`${replica.url}/readyz`);
    return answer.status === 503 && ((await answer.json()) as Readiness);
  });
  assert.equal(phase, 'stopping');
  assert.equal((await fetch(`${replica.url}/v1/services`, { headers })).status, 200);
  assert.equal(await ended, 0);
};

/** Without what the request needs a replica itself says 503, and when to come again. */
const refusesAsUnavailable = async (url: string, path: string, token: string): Promise<void> => {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await until('a refusal of the replica itself', async () => {
    const each = await fetch(`${url}${path}`, { headers });
    return each.status !== 200 && each;
  });
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
};

/** Whether the load balancer sends requests to the replica. */
const isServing = async ({ client }: Fleet, index: number): Promise<boolean> =>
  (await client.request('GET', '/readyz')).headers.get('x-served-by') === `jobs-${index + 1}`;
