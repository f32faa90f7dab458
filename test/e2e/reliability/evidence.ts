import assert from 'node:assert/strict';
import type { LiveEvent } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import type { Storage } from '@simfleet/storage';
import type { Fleet } from '../fleet.ts';
import { contentOf } from './content.ts';
import type { Content } from './content.ts';
import type { Load } from './load.ts';
import { untilAllHandled } from './observer.ts';
import type { Observer } from './observer.ts';

interface JobRow {
  readonly name: string;
  readonly state: string;
  readonly crossed: readonly string[];
  readonly history: readonly { readonly number: number; readonly state: string }[];
}
interface RunRow {
  readonly active: boolean;
  readonly desired: string;
  readonly seen: number;
  readonly attempts: Readonly<Record<string, { readonly running: boolean }>>;
}
interface LeaseRow {
  readonly holder: string;
}

const overStates = new Set(['Succeeded', 'Failed', 'Cancelled']);

export interface Scene {
  readonly fleet: Fleet;
  readonly store: Storage;
  readonly observer: Observer;
  readonly load: Load;
}

/** After all jobs have ended: every effect is there once, and nothing is left undone anywhere. */
export const checkTheEnd = async ({ fleet, store, observer, load }: Scene): Promise<readonly string[]> => {
  await until('the outbox to be empty', async () => (await store.outbox.pending(1)).length === 0, 20_000);
  const consumers = await untilAllHandled(fleet.nats.monitorUrl);
  assert.deepEqual(await observer.bus.deadLetters({ limit: 10 }), []);
  await until('executors to have cleared away', async () => {
    const { documents } = await contentOf(store);
    return ![...documents('local_runs').values()].some((run) => (run as RunRow).active);
  });
  const content = await contentOf(store);
  assert.deepEqual(content.events, []);

  const jobs = content.documents('jobs') as ReadonlyMap<string, JobRow>;
  assert.deepEqual(new Set(jobs.keys()), new Set(load.jobs.keys()), 'jobs there are, and jobs that were acknowledged');
  for (const [id, job] of jobs) {
    checkJob(id, job, load, observer);
    checkLive(id, job, content.live.get(id) ?? []);
  }

  for (const [id, run] of content.documents('local_runs') as ReadonlyMap<string, RunRow>) {
    const said = `run ${id}: ${JSON.stringify(run)}`;
    const last = changesOf(observer, id).at(-1);
    assert.deepEqual([run.desired, run.seen], ['stop', last?.sourceversion], said);
    assert.ok(!Object.values(run.attempts).some(({ running }) => running), said);
  }
  checkMembers(content, fleet);
  return consumers;
};

const changesOf = (observer: Observer, jobId: string) =>
  observer.of(jobId).filter((event) => event.type === 'dev.simfleet.job.changed.v1');

const checkJob = (id: string, job: JobRow, { jobs }: Load, observer: Observer): void => {
  const said = `job ${id}: ${JSON.stringify(job.history)}`;
  const acknowledged = jobs.get(id);
  assert.ok(acknowledged, said);
  assert.equal(job.name, acknowledged.name, said);
  assert.equal(job.state, acknowledged.known === null ? 'Cancelled' : 'Succeeded', said);
  assert.ok(acknowledged.ended, said);

  // Two records of one change have two numbers or two ends.
  const numbers = job.history.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    [...numbers.keys()].map((index) => index + 1),
    said,
  );
  assert.equal(job.history.filter(({ state }) => overStates.has(state)).length, 1, said);

  const changes = changesOf(observer, id);
  const versions = changes.map(({ sourceversion }) => sourceversion);
  assert.deepEqual(
    versions,
    [...new Set(versions)].sort((one, other) => one - other),
    said,
  );
  assert.equal(changes.filter(({ data }) => overStates.has(data.state)).length, 1, said);
  assert.equal(changes.at(-1)?.data.desired, 'stop', said);

  const crossings = observer.of(id).filter((event) => event.type === 'dev.simfleet.job.threshold-crossed.v1');
  const wanted = acknowledged.known?.crosses === true ? 1 : 0;
  assert.deepEqual([crossings.length, job.crossed.length], [wanted, wanted], said);
};

/** What people saw of a job is what became of it, once. */
const checkLive = (id: string, job: JobRow, live: readonly LiveEvent[]): void => {
  const said = `live history of ${id}: ${JSON.stringify(live)}`;
  const states = live.flatMap((event) => (event.type === 'state' ? [event.state] : []));
  assert.deepEqual(
    states,
    job.history.map(({ state }) => state),
    said,
  );
  const looks = live.flatMap((event) => (event.type === 'estimate' ? [event.blocks] : []));
  assert.equal(new Set(looks).size, looks.length, said);
  const told = live.flatMap((event) => (event.type === 'threshold' ? [event.threshold.name] : []));
  assert.equal(new Set(told).size, told.length, said);
  assert.deepEqual(
    live.filter(({ type }) => type === 'result'),
    live.slice(-1),
    said,
  );
};

/** Members are the processes that run, and whatever is leased is held by one of them. */
const checkMembers = (content: Content, fleet: Fleet): void => {
  const running = [...fleet.jobs, ...fleet.executors].map(({ memberId }) => memberId);
  const members = content.documents('members');
  assert.deepEqual(new Set(members.keys()), new Set(running));
  // What is left of a job that is over binds nobody: it goes with the job.
  const leases = [...(content.documents('leases') as ReadonlyMap<string, LeaseRow>)];
  for (const [name, { holder }] of leases.filter(([name]) => !name.startsWith('jobs/')))
    assert.ok(members.has(holder), `${name} is held by ${holder}, which is dead`);
};
