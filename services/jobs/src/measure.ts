import { errorCode } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { Counter, Gauge } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';
import type { Parts } from './assemble.ts';
import type { OnShadowed } from './quotas/held-units.ts';
import type { JobStore } from './jobs/job-store.ts';

/** Counts what happens to jobs and reports, for `/metrics`. Answers the same parts, counted. */
export const measure = (metrics: Metrics, parts: Parts): Parts => {
  countEnds(metrics, parts.store);
  gaugeActive(metrics, parts.store);
  return { ...parts, ...countReports(metrics, parts) };
};

const countEnds = (metrics: Metrics, store: JobStore): void => {
  const ended = new Counter({
    name: 'simfleet_jobs_ended_total',
    help: 'Jobs that ended, by reason.',
    labelNames: ['reason'],
    registers: [metrics],
  });
  store.onSaved((_id, job, before) => {
    if (job === null || before === null || isOver(before.doc) || job.doc.stopReason === null) return;
    ended.inc({ reason: job.doc.stopReason });
  });
};

const gaugeActive = (metrics: Metrics, store: JobStore): void => {
  new Gauge({
    name: 'simfleet_jobs_active',
    help: 'Jobs that are not over, by state: counted in the store, so that every replica tells the same figure.',
    labelNames: ['state'],
    registers: [metrics],
    async collect() {
      for (const state of ['Queued', 'Running', 'Suspended']) {
        this.set({ state }, await store.collection.count({ op: 'eq', field: 'state', value: state }));
      }
    },
  });
  new Gauge({
    name: 'simfleet_jobs_waiting',
    help: 'Queued jobs that wait for a quota of their customer, by what they wait for: counted in the store.',
    labelNames: ['for'],
    registers: [metrics],
    async collect() {
      for (const [what, place] of [
        ['jobs-running', 'waits'],
        ['paths', 'paused'],
      ] as const) {
        const all = [
          { op: 'eq', field: 'state', value: 'Queued' },
          { op: 'eq', field: 'place', value: place },
        ] as const;
        this.set({ for: what }, await store.collection.count({ op: 'and', all }));
      }
    },
  });
};

/** Counts what quotas in shadow would have refused. */
export const countShadowed = (metrics: Metrics): OnShadowed => {
  const refusals = new Counter({
    name: 'simfleet_quota_shadow_refusals_total',
    help: 'Jobs that a quota in shadow would have refused or let wait, by policy.',
    labelNames: ['policy'],
    registers: [metrics],
  });
  return ({ name }) => refusals.inc({ policy: name });
};

const countReports = (metrics: Metrics, { admitShard, acceptReport }: Parts): Partial<Parts> => {
  const reports = new Counter({
    name: 'simfleet_reports_total',
    help: 'Reports of shards, by outcome: the action that was answered, or the code of the refusal.',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const refused = (error: unknown): never => {
    reports.inc({ outcome: errorCode(error) ?? 'internal' });
    throw error;
  };
  return {
    admitShard: (jobId, token) => admitShard(jobId, token).catch(refused),
    acceptReport: async (jobId, body) => {
      const reply = await acceptReport(jobId, body).catch(refused);
      reports.inc({ outcome: reply.action });
      return reply;
    },
  };
};
