import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { StoredJob } from '../src/jobs/job-document.ts';
import { openSchemaCache } from '../src/jobs/prepare-job.ts';
import { explore } from './support/interleave.ts';
import type { Round } from './support/interleave.ts';
import { openReplicas } from './support/replicas.ts';
import type { Replica, Replicas } from './support/replicas.ts';

/** What a client does, and what of it must hold at the end when it was acknowledged. */
interface Work {
  readonly run: (replica: Replica) => Promise<unknown>;
  /** Codes of refusals that a caller may meet. */
  readonly refusals: readonly string[];
  readonly kind: 'create' | 'delete-service' | 'delete-customer' | 'other';
}

const create = (effectId: string): Work => ({
  kind: 'create',
  run: (replica) => replica.create(effectId),
  refusals: ['already-exists', 'invalid-request', 'unavailable'],
});
const deleteService: Work = {
  kind: 'delete-service',
  run: (replica) => replica.catalogue.delete('mine'),
  refusals: ['in-use', 'not-found'],
};
const deleteCustomer: Work = {
  kind: 'delete-customer',
  run: (replica) => replica.customers.delete('acme'),
  refusals: ['in-use', 'not-found'],
};
const handleEvents: Work = { kind: 'other', run: (replica) => replica.handleEvents(), refusals: [] };

interface Scenario {
  readonly title: string;
  readonly works: readonly Work[];
  readonly prepare?: (direct: Replica) => Promise<void>;
  readonly departures: number;
  /** Whether somebody gets what they ask for, if nobody crashes or is taken for dead. */
  readonly isLive?: boolean;
}

const allJobs = async ({ direct }: Replicas): Promise<readonly StoredJob[]> =>
  (await direct.store.collection.query({ sort: { field: 'name', direction: 'ascending' }, limit: 100 })).rows;

const check =
  ({ works, isLive = true }: Scenario, isQuiet: boolean) =>
  async ({ world, outcomes }: Round<Replicas>): Promise<void> => {
    const { direct } = world;
    const acknowledged = works.filter((_, client) => outcomes[client]?.status === 'fulfilled');
    outcomes.forEach((outcome, client) => {
      if (outcome?.status !== 'rejected') return;
      const code = errorCode(outcome.reason) ?? '';
      if (!(works[client]?.refusals.includes(code) ?? false)) throw outcome.reason;
    });
    if (isQuiet && isLive) assert.notEqual(acknowledged.length, 0, 'nobody got what they asked for');
    await direct.handleEvents();
    await direct.handleEvents();
    const jobs = await allJobs(world);
    assert.ok(jobs.length <= 1, 'one name, two jobs');
    outcomes.forEach((outcome, client) => {
      if (outcome?.status !== 'fulfilled' || works[client]?.kind !== 'create') return;
      assert.equal(jobs[0]?.id, (outcome.value as StoredJob).id, 'an acknowledged job is gone');
    });
    const isGone = (kind: Work['kind']): boolean => acknowledged.some((work) => work.kind === kind);
    const isServiceThere = await direct.catalogue.get('mine').then(
      () => true,
      () => false,
    );
    const isCustomerThere = await direct.customers.get('acme').then(
      () => true,
      () => false,
    );
    if (isGone('delete-service')) assert.equal(isServiceThere, false);
    if (isGone('delete-customer')) assert.equal(isCustomerThere, false);
    if (jobs.length > 0) assert.ok(isServiceThere && isCustomerThere, 'a job without its customer or service');
    // Nothing is stuck: what there is can be used, and removed.
    if (isServiceThere && isCustomerThere) {
      const [job] = jobs;
      if (job !== undefined) {
        await assert.rejects(direct.create('afterwards'), { code: 'already-exists' });
        await direct.deleteJob(job.id);
        await direct.handleEvents();
      }
      const next = await direct.create('afterwards-too');
      assert.equal(
        await direct.names.confirm({ customer: 'acme', name: 'a-job', jobId: next.id }, next.doc.claim ?? ''),
        true,
      );
      await direct.deleteJob(next.id);
      await direct.catalogue.delete('mine');
      await direct.customers.delete('acme');
    }
  };

const scenarios: readonly Scenario[] = [
  { title: 'two jobs of one name', works: [create('one'), create('two')], departures: 3 },
  { title: 'one request, twice', works: [create('one'), create('one')], departures: 3 },
  { title: 'a job, and the deletion of its service', works: [create('one'), deleteService], departures: 3 },
  { title: 'a job, and the deletion of its customer', works: [create('one'), deleteCustomer], departures: 3 },
  {
    title: 'two jobs of a name that a crash left reserved',
    works: [create('one'), create('two')],
    prepare: async ({ names }) => {
      const reservation = await names.reserve({ customer: 'acme', name: 'a-job', jobId: 'never', service: 'mine' });
      reservation.end();
    },
    // A reservation of a process that is known to live keeps both out.
    isLive: false,
    departures: 2,
  },
  {
    title: 'a job, and the deletion of the one that had its name',
    works: [
      create('one'),
      { kind: 'other', run: (replica) => replica.deleteJob('job-before'), refusals: [] },
      handleEvents,
    ],
    prepare: async (direct) => void (await direct.create('before')),
    departures: 2,
  },
  {
    title: 'two jobs of one name, and the deletion of their service',
    works: [create('one'), create('two'), deleteService],
    departures: 2,
  },
  {
    title: 'one request, twice, and the deletion of its service',
    works: [create('one'), create('one'), deleteService],
    departures: 2,
  },
  {
    title: 'a job, and two deletions of its service',
    works: [create('one'), deleteService, deleteService],
    departures: 2,
  },
  {
    title: 'a job, its event, and another of its name',
    works: [create('one'), handleEvents, create('two')],
    departures: 2,
  },
];

/** More departures from the plain order take ten times as long each. */
const further = process.env['SIMFLEET_CHAOS'] === '1' ? 1 : 0;
const schemas = openSchemaCache();

for (const scenario of scenarios) {
  for (const isSuspicious of [false, true]) {
    const mood = isSuspicious ? 'taken for dead while it is paused' : 'known to live';
    test(`${scenario.title}: every order and crash leaves one truth; who pauses is ${mood}`, async () => {
      let isQuiet = true;
      const rounds = await explore({
        departures: scenario.departures + further,
        crashes: true,
        async open(turns) {
          const replicas = await openReplicas({ turns, isSuspicious, schemas });
          await scenario.prepare?.(replicas.direct);
          return replicas;
        },
        async clients(world) {
          const made = await Promise.all(scenario.works.map((_, client) => world.replica(client)));
          return scenario.works.map((work, client) => () => work.run(made[client] as Replica));
        },
        check: (round) => {
          isQuiet = !isSuspicious && round.outcomes.every((outcome) => outcome !== null);
          return check(scenario, isQuiet)(round);
        },
      });
      assert.ok(rounds > 40, `${rounds} rounds`);
    });
  }
}
