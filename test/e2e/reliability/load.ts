import assert from 'node:assert/strict';
import type { Job, Page } from '@simfleet/contracts';
import type { JobInput } from '../client.ts';
import type { Fleet } from '../fleet.ts';
import { follow } from '../follow.ts';
import type { Dice } from './dice.ts';
import { inTime } from './in-time.ts';
import { endless } from './kinds.ts';
import type { Kind, Known } from './kinds.ts';
import { openPatientClient, pause } from './patient-client.ts';
import type { Tally } from './patient-client.ts';

/** For all that is under way when the load ends, on a busy machine too, in milliseconds. */
const longestEndMs = 60_000;

/** What was acknowledged of a job. */
export interface Acknowledged {
  readonly name: string;
  /** Of a job that runs to its end. */
  readonly known: Known | null;
  /** Its cancellation was acknowledged. */
  cancelled: boolean;
  /** Its end was watched by as many as followed it. */
  ended: boolean;
}

/** Clients at work: they create, steer, watch and list until they are told that it is over. */
export interface Load {
  /** By id; all that was acknowledged so far. */
  readonly jobs: ReadonlyMap<string, Acknowledged>;
  readonly tally: Tally;
  readonly streams: { events: number; connections: number };
  readonly walks: { whole: number };
  /** Creates a job of a moment and sees it through. */
  runTrivial(): Promise<void>;
  /** Begins nothing new; resolves when all that was begun has ended. Rejects when that takes too long, naming what is stuck. */
  end(): Promise<void>;
  /** Rejects as soon as one client sees what must not be. */
  readonly failure: Promise<never>;
}

interface LoadOptions {
  readonly fleet: Fleet;
  readonly known: Readonly<Record<Kind, readonly Known[]>>;
  /** One for each client. */
  readonly dice: () => Dice;
  readonly signal: AbortSignal;
}

export const startLoad = ({ fleet, known, dice, signal }: LoadOptions): Load => {
  const client = openPatientClient(fleet, signal);
  const jobs = new Map<string, Acknowledged>();
  const streams = { events: 0, connections: 0 };
  const walks = { whole: 0 };
  let over = false;
  let created = 0;

  const create = async (input: JobInput, from: Known | null): Promise<string> => {
    created += 1;
    const name = `job-${created}`;
    const { body } = await client.insist('POST', '/v1/jobs', { body: { ...input, name }, key: `create-${created}` });
    const job = body as Job;
    assert.equal(job.name, name);
    assert.ok(!jobs.has(job.id), `${job.id} was made for two requests`);
    jobs.set(job.id, { name, known: from, cancelled: false, ended: false });
    return job.id;
  };

  const act = async (id: string, action: string): Promise<void> => {
    const options = { key: `${action}-${id}`, refusals: ['job-over'] };
    await client.insist('POST', `/v1/jobs/${id}:${action}`, options);
  };

  const seeThrough = async (id: string): Promise<void> => {
    const { result, events, connections } = await follow(fleet.client, id, signal);
    const acknowledged = jobs.get(id);
    assert.ok(acknowledged);
    const { known: from } = acknowledged;
    const said = `${id}: ${JSON.stringify(result)}`;
    if (from === null) assert.deepEqual([result.state, result.resultDigest], ['Cancelled', null], said);
    else assert.deepEqual([result.state, result.resultDigest], ['Succeeded', from.digest], said);
    acknowledged.ended = true;
    streams.events += events;
    streams.connections += connections;
  };

  const run = async (from: Known, watchers: number): Promise<void> => {
    const id = await create(from.input, from);
    await Promise.all(Array.from({ length: watchers }, () => seeThrough(id)));
  };

  const keepRunning = async (kind: Kind, watchers: number): Promise<void> => {
    const own = dice();
    while (!over) {
      await run(own.pick(known[kind]), watchers);
      await pause(own.between(0, 300));
    }
  };

  const keepCancelling = async (): Promise<void> => {
    const own = dice();
    while (!over) {
      const id = await create(endless, null);
      const seen = seeThrough(id);
      await pause(own.between(0, 1500));
      await act(id, 'cancel');
      jobs.get(id)!.cancelled = true;
      await seen;
      await pause(own.between(0, 1000));
    }
  };

  const keepHolding = async (): Promise<void> => {
    const own = dice();
    while (!over) {
      const from = own.pick(known.watched);
      const id = await create(from.input, from);
      const seen = seeThrough(id);
      await pause(own.between(0, 800));
      await act(id, 'suspend');
      await pause(own.between(0, 800));
      await act(id, 'resume');
      await seen;
    }
  };

  /** Walks all jobs by cursor: what was acknowledged before the walk comes once. */
  const walk = async (): Promise<void> => {
    const before = [...jobs.keys()];
    const seen = new Map<string, Job>();
    for (let cursor: string | null = null; ;) {
      const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await client.insist('GET', `/v1/jobs?limit=50${query}`);
      const { items, next } = body as Page<Job>;
      for (const job of items) {
        assert.ok(!seen.has(job.id), `${job.id} came twice in a walk`);
        seen.set(job.id, job);
      }
      if (next === null) break;
      cursor = next;
    }
    for (const id of before) assert.equal(seen.get(id)?.name, jobs.get(id)?.name, `${id} is missing in a walk`);
    walks.whole += 1;
  };

  const keepWalking = async (): Promise<void> => {
    while (!over) {
      await walk();
      await pause(200);
    }
  };

  const busy = Promise.all([
    keepRunning('trivial', 1),
    keepRunning('watched', 1),
    keepRunning('precise', 2),
    keepRunning('long', 2),
    keepCancelling(),
    keepHolding(),
    keepWalking(),
  ]);
  const failure = new Promise<never>((_resolve, reject) => void busy.catch(reject));
  failure.catch(() => undefined);
  return {
    jobs,
    streams,
    walks,
    failure,
    tally: client.tally,
    runTrivial: () => run(known.trivial[0]!, 1),
    async end() {
      over = true;
      const left = (): string => [...jobs].flatMap(([id, { ended }]) => (ended ? [] : [id])).join(', ');
      await inTime(busy, longestEndMs, () => `the end of ${left()}`);
    },
  };
};
