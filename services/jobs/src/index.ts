import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { Engine } from '@simfleet/domain';
import type { CursorCodec, Route } from '@simfleet/http';
import type { LimiterStore } from '@simfleet/rate-limit';
import type { Logger, Module, RunningModule } from '@simfleet/runtime';
import type { Leases, Storage } from '@simfleet/storage';
import { assemble } from './assemble.ts';
import type { Parts } from './assemble.ts';
import type { JobsOptions } from './config.ts';
import { actionRoutes } from './http/action-routes.ts';
import { customerRoutes } from './http/customer-routes.ts';
import { eventRoutes } from './http/event-routes.ts';
import { jobRoutes } from './http/job-routes.ts';
import { defineLists } from './http/lists.ts';
import { limitRoutes } from './http/limit-routes.ts';
import { reportRoutes } from './http/report-routes.ts';
import { serviceRoutes } from './http/service-routes.ts';
import { watchRoutes } from './http/watch-routes.ts';
import { startSweeps } from './jobs/sweep-jobs.ts';
import { takeUpJobs } from './jobs/take-up-jobs.ts';
import { holdPolicies } from './limits/policies-in-force.ts';
import type { PoliciesInForce } from './limits/policies-in-force.ts';
import { quotasByPolicies } from './limits/quotas-by-policies.ts';
import { countShadowed, measure } from './measure.ts';
import type { QuotaSource } from './quotas/quota-source.ts';
import { startRetention } from './retention/retention.ts';
import { openJobVerbs } from './sockets/open-verbs.ts';
import type { JobVerbs, VerbNeeds } from './sockets/open-verbs.ts';

export { jobsOptions } from './config.ts';
export type { JobsOptions } from './config.ts';
export type { PoliciesInForce } from './limits/policies-in-force.ts';
export type { JobVerbs, VerbNeeds } from './sockets/open-verbs.ts';

export interface JobsDependencies {
  readonly storage: Storage;
  readonly bus: Bus;
  /** Among the replicas on the store one folds each job. The module does not close them. */
  readonly leases: Leases;
  /** Engine builds of this platform; a job of any other build fails `EngineUnavailable`. */
  readonly engines: readonly Engine[];
  readonly cursors: CursorCodec;
  readonly platformVersion: string;
  /** Shards that can run at the same time on this platform; for estimates of time. */
  readonly slots: number;
  /** Where jobs and paths of customers are counted against the policies; they may have as much as they like when left out. */
  readonly limiter?: LimiterStore | null;
  /** In place of what the policies say. */
  readonly quotas?: QuotaSource | null;
  /** Everything is kept when left out. */
  readonly options?: JobsOptions;
}

/** The module, and its routes for the HTTP server. Routes answer `unavailable` until the module has started. */
export interface JobsModule extends Module {
  readonly routes: readonly Route[];
  /** The rate limit policies in force: none until the module has started. */
  readonly limits: PoliciesInForce;
  /** What clients can ask for over sockets. Throws `unavailable` until the module has started. */
  openVerbs(needs: VerbNeeds): JobVerbs;
}

/** Customers, services and jobs; reports → ledger → estimates → live. Start it before the relay, so that no event passes it by. */
export const jobsModule = (dependencies: JobsDependencies, dependsOn: readonly string[]): JobsModule => {
  const lists = defineLists();
  const limits = holdPolicies();
  const { limiter = null } = dependencies;
  let started: Parts | undefined;
  const parts = (): Parts => {
    if (started === undefined) throw new SimfleetError('unavailable', 'the platform is starting');
    return started;
  };
  return {
    name: 'jobs',
    dependsOn,
    limits,
    routes: [
      ...[jobRoutes, actionRoutes, watchRoutes, reportRoutes],
      ...[serviceRoutes, customerRoutes, limitRoutes, eventRoutes],
    ].flatMap((routes) => routes(parts, lists)),
    openVerbs: (needs) => openJobVerbs(parts(), needs),
    async start(context) {
      const { clock, logger, metrics, tracing } = context;
      const parts = measure(
        metrics,
        await assemble({
          ...dependencies,
          ...{ clock, logger, tracing, limits },
          containerServices: dependencies.options?.containerServices ?? false,
          quotas: dependencies.quotas ?? (limiter === null ? null : quotasByPolicies(limiter, limits)),
          onShadowed: countShadowed(metrics),
        }),
      );
      const running = await run(parts, dependencies.options ?? {}, logger);
      started = parts;
      return running;
    },
  };
};

const run = async (parts: Parts, options: JobsOptions, logger: Logger): Promise<RunningModule> => {
  const { surroundings, customers, catalogue, tokens, live, timers, deleteJob, withdrawUnlessNamed } = parts;
  const { bus, storage, leases } = surroundings;
  await customers.seed();
  await catalogue.seed();
  await parts.policies.seed();
  const endFollowing = await parts.followPolicies.start();
  const answering = storage.shared ? await answerReplicas(parts) : [];
  await takeUpJobs(parts, logger);
  const endSweeps = storage.shared
    ? await startSweeps({ ...parts, leases, clock: surroundings.clock, logger })
    : async () => undefined;
  const subscriptions = [
    ...answering,
    await bus.consume({
      name: 'jobs-shards',
      types: ['dev.simfleet.shard.started.v1', 'dev.simfleet.shard.ended.v1'],
      handle: (event) => parts.handleShardEvent(event),
    }),
    await bus.consume({
      name: 'jobs-clear-away',
      types: ['dev.simfleet.job.changed.v1'],
      handle: async ({ data, sourceversion }) => {
        if (data.deleted) await deleteJob.clearAway(data);
        // The creator does so too, if it lives.
        else if (sourceversion === 1) await withdrawUnlessNamed(data.jobId);
      },
    }),
    await bus.answer('jobs.register-token', async ({ jobId, sha256 }) => ({
      accepted: await tokens.register(jobId, sha256),
    })),
  ];
  const endTurns = await parts.quotas.start();
  const endRetention = await startRetention({ ...parts, options, storage, leases, clock: surroundings.clock, logger });
  return {
    check: () => storage.check(),
    async stop() {
      timers.stop();
      await endFollowing();
      await endRetention();
      await endSweeps();
      await endTurns();
      await parts.quotas.meter.close();
      await Promise.all(subscriptions.map((unsubscribe) => unsubscribe()));
      await live.close();
    },
  };
};

/** What replicas ask and tell each other: to each by its own name. */
const answerReplicas = async ({ surroundings, steerShard, looks, tellReplicas }: Parts) => {
  const { bus, leases } = surroundings;
  const as = { as: leases.memberId };
  return [
    await bus.answer('jobs.steer', (body) => steerShard.forOther(body), as),
    await bus.answer('jobs.look', (body) => looks.answer(body), as),
    await tellReplicas.listen(),
  ];
};
