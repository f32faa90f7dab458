import type { Bus } from '@simfleet/bus';
import type { Engine } from '@simfleet/domain';
import type { CursorCodec } from '@simfleet/http';
import type { Clock, Logger, Tracing } from '@simfleet/runtime';
import type { Leases, Storage } from '@simfleet/storage';
import { openAudit } from './audit/audit.ts';
import type { Audit } from './audit/audit.ts';
import { openClaims } from './claims.ts';
import { customersCollection, openCustomers } from './customers/customers.ts';
import type { CustomerCollection, CustomerDocument, Customers } from './customers/customers.ts';
import { openCoordinators } from './estimate/coordinators.ts';
import type { Coordinators } from './estimate/coordinators.ts';
import { leaseOf } from './estimate/lease-name.ts';
import { openLooks } from './estimate/looks.ts';
import type { Looks } from './estimate/looks.ts';
import { openPilot } from './estimate/pilot.ts';
import type { RunPilot } from './estimate/pilot.ts';
import { openChangeJob } from './jobs/change-job.ts';
import type { ChangeJob } from './jobs/change-job.ts';
import { openCreateJob } from './jobs/create-job.ts';
import type { CreateJobCase } from './jobs/create-job.ts';
import { openDeleteJob } from './jobs/delete-job.ts';
import type { DeleteJob } from './jobs/delete-job.ts';
import { openEndJob } from './jobs/end-job.ts';
import type { EndJob } from './jobs/end-job.ts';
import { jobsCollection } from './jobs/job-document.ts';
import { openGiveUp } from './jobs/give-up.ts';
import type { GiveUp } from './jobs/give-up.ts';
import type { JobDocument } from './jobs/job-document.ts';
import { namesCollection, openJobNames } from './jobs/job-names.ts';
import type { NameDocument } from './jobs/job-names.ts';
import { openNameUses } from './jobs/name-uses.ts';
import { openJobStore } from './jobs/job-store.ts';
import type { JobStore } from './jobs/job-store.ts';
import { openJobTimers } from './jobs/job-timers.ts';
import type { JobTimers } from './jobs/job-timers.ts';
import { openPrepareJob, openSchemaCache } from './jobs/prepare-job.ts';
import type { PrepareJob } from './jobs/prepare-job.ts';
import { openStartJob } from './jobs/start-job.ts';
import { openSteerJob } from './jobs/steer-job.ts';
import type { SteerJob } from './jobs/steer-job.ts';
import { openSteerResource } from './jobs/steer-resource.ts';
import type { SteerResource } from './jobs/steer-resource.ts';
import { openTellCrossings } from './jobs/tell-crossings.ts';
import { openTellReplicas } from './jobs/tell-replicas.ts';
import type { TellReplicas } from './jobs/tell-replicas.ts';
import { openWithdrawUnlessNamed } from './jobs/withdraw-job.ts';
import type { WithdrawUnlessNamed } from './jobs/withdraw-job.ts';
import { openFollowPolicies } from './limits/follow-policies.ts';
import type { FollowPolicies } from './limits/follow-policies.ts';
import { openPlans } from './limits/plans.ts';
import type { PoliciesHolder } from './limits/policies-in-force.ts';
import { policiesCollection } from './limits/policy-document.ts';
import type { PolicyCollection, PolicyDocument } from './limits/policy-document.ts';
import { openPolicyStore } from './limits/policy-store.ts';
import type { PolicyStore } from './limits/policy-store.ts';
import { openLedger } from './ledger/ledger.ts';
import { openAnnouncer } from './live/announce.ts';
import { openCompleteLog } from './live/complete-log.ts';
import type { CompleteLog } from './live/complete-log.ts';
import { openLiveLog } from './live/live-log.ts';
import type { LiveLog } from './live/live-log.ts';
import type { OnShadowed } from './quotas/held-units.ts';
import type { QuotaSource } from './quotas/quota-source.ts';
import { openQuotas } from './quotas/quotas.ts';
import type { JobQuotas } from './quotas/quotas.ts';
import { openAcceptReport } from './reports/accept-report.ts';
import type { AcceptReport } from './reports/accept-report.ts';
import { openAskHolder } from './reports/ask-holder.ts';
import { openJobTokens, tokensCollection } from './reports/job-tokens.ts';
import type { JobTokens } from './reports/job-tokens.ts';
import { openKnownJobs } from './reports/known-jobs.ts';
import { openSteerShard } from './reports/steer-shard.ts';
import type { SteerShard } from './reports/steer-shard.ts';
import { openCatalogue } from './services/catalogue.ts';
import type { Catalogue } from './services/catalogue.ts';
import { serviceVersionsCollection, servicesCollection } from './services/service-document.ts';
import type { ServiceCollection, ServiceDocument } from './services/service-document.ts';
import { openShardEvents } from './shards/handle-shard-event.ts';
import type { ShardEvent } from './shards/handle-shard-event.ts';

export interface Surroundings {
  readonly storage: Storage;
  readonly bus: Bus;
  /** Which jobs this process folds, among the processes on the store. */
  readonly leases: Leases;
  readonly engines: readonly Engine[];
  readonly cursors: CursorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracing: Pick<Tracing, 'current'>;
  readonly platformVersion: string;
  /** Shards that can run at the same time on this platform; for estimates of time. */
  readonly slots: number;
  /** What customers may have; null = as much as they like. */
  readonly quotas: QuotaSource | null;
  /** Told of what a quota in shadow would have refused. */
  readonly onShadowed: OnShadowed;
  /** Where the limits in force are kept, for all who ask. */
  readonly limits: PoliciesHolder;
  /** Whether jobs of container services may be created. */
  readonly containerServices: boolean;
}

/** Every use case of the service, put together. */
export interface Parts {
  readonly surroundings: Surroundings;
  readonly quotas: JobQuotas;
  readonly audit: Audit;
  readonly policies: PolicyStore;
  readonly policyDocuments: PolicyCollection;
  readonly followPolicies: FollowPolicies;
  readonly store: JobStore;
  readonly customers: Customers;
  readonly customerDocuments: CustomerCollection;
  readonly catalogue: Catalogue;
  readonly serviceDocuments: ServiceCollection;
  readonly serviceVersions: ServiceCollection;
  readonly coordinators: Coordinators;
  readonly looks: Looks;
  readonly steerShard: SteerShard;
  readonly tellReplicas: TellReplicas;
  readonly prepare: PrepareJob;
  readonly createJob: CreateJobCase;
  readonly changeJob: ChangeJob;
  readonly steerJob: SteerJob;
  readonly steerResource: SteerResource;
  readonly deleteJob: DeleteJob;
  readonly withdrawUnlessNamed: WithdrawUnlessNamed;
  readonly endJob: EndJob;
  readonly giveUp: GiveUp;
  /** Throws `unauthenticated` unless the token is the job's: asked before a report is read. */
  readonly admitShard: JobTokens['check'];
  readonly acceptReport: AcceptReport;
  readonly handleShardEvent: (event: ShardEvent) => Promise<void>;
  readonly pilot: RunPilot;
  readonly tokens: JobTokens;
  readonly live: LiveLog;
  readonly completeLog: CompleteLog;
  readonly timers: JobTimers;
}

/** Opens the collections and wires the use cases; nothing runs yet. */
export const assemble = async (surroundings: Surroundings): Promise<Parts> => {
  const {
    storage,
    bus,
    leases,
    engines,
    clock,
    logger,
    tracing,
    platformVersion,
    slots,
    containerServices,
    onShadowed,
  } = surroundings;
  const { shared } = storage;
  const audit = openAudit(storage.log, clock);
  const jobs = await storage.collection<JobDocument>(jobsCollection);
  const store = openJobStore(jobs, tracing);
  const live = openLiveLog({ log: storage.log, bus, clock, logger });
  const isOurs = (jobId: string): boolean => leases.holds(leaseOf(jobId));
  const completeLog = openCompleteLog({ live, clock, isOurs });
  openAnnouncer({ store, live, complete: completeLog, isOurs, logger });
  const ledger = openLedger(storage.log);
  const quotas = openQuotas({ source: surroundings.quotas, store, leases, bus, clock, logger, shared, onShadowed });
  const coordinators = openCoordinators({
    ...{ store, engines, ledger, live, clock, logger, leases, shared },
    ...{ paths: quotas.meter, pause: quotas.pause },
  });
  const looks = openLooks({ bus, coordinators, leases, clock, logger, shared });

  const claims = openClaims({ clock, owner: leases.memberId, isDead: async (owner) => !(await leases.isAlive(owner)) });
  const reservations = await storage.collection<NameDocument>(namesCollection);
  const names = openJobNames(reservations, store, claims);
  const usesOf = openNameUses({ collection: reservations, names, store });
  const customerDocuments = await storage.collection<CustomerDocument>(customersCollection);
  const customers = openCustomers({ collection: customerDocuments, claims, clock, usesOf });
  const serviceDocuments = await storage.collection<ServiceDocument>(servicesCollection);
  const serviceVersions = await storage.collection<ServiceDocument>(serviceVersionsCollection);
  const catalogue = openCatalogue({
    services: serviceDocuments,
    versions: serviceVersions,
    engines,
    claims,
    clock,
    usesOf,
  });

  const policyDocuments = await storage.collection<PolicyDocument>(policiesCollection);
  const policies = openPolicyStore(policyDocuments, clock);
  const plans = openPlans(customerDocuments, clock, logger);
  const { limits: holder } = surroundings;
  const followPolicies = openFollowPolicies({ store: policies, plans, holder, bus, clock, logger, shared });

  const tokens = openJobTokens(await storage.collection(tokensCollection), store, shared);
  const prepare = openPrepareJob({ customers, catalogue, engines, containerServices, schemas: openSchemaCache() });
  const endJob = openEndJob({ store, looks, engines, clock, platformVersion });
  const giveUp = openGiveUp(endJob);
  const startJob = openStartJob(store, clock);
  const tellCrossings = openTellCrossings(store, clock);
  const known = openKnownJobs({ store, engines, clock });
  const tellReplicas = openTellReplicas({ store, coordinators, known, bus, logger, memberId: leases.memberId, shared });
  const steerShard = openSteerShard({ coordinators, leases, endJob, tellCrossings });
  const askHolder = openAskHolder({ bus, leases, steer: steerShard, logger });
  const reporting = {
    coordinators,
    ledger,
    startJob,
    endJob,
    steer: steerShard,
    known,
    askHolder,
    leases,
    logger,
    paths: quotas.meter,
    shared,
  };
  const steerJob = openSteerJob({ store, endJob, audit, quotas, clock });
  const deleteJob = openDeleteJob({ store, names, tokens, ledger, live, audit, clock });
  const withdrawUnlessNamed = openWithdrawUnlessNamed({ store, names, clock });
  const createParts = { store, names, prepare, customers, catalogue, withdrawUnlessNamed, audit, quotas, clock };
  return {
    surroundings,
    quotas,
    audit,
    policies,
    policyDocuments,
    followPolicies,
    store,
    customers,
    customerDocuments,
    catalogue,
    serviceDocuments,
    serviceVersions,
    coordinators,
    looks,
    steerShard,
    tellReplicas,
    prepare,
    createJob: openCreateJob(createParts),
    changeJob: openChangeJob({ store, steer: steerJob, engines, giveUp, audit, quotas, clock }),
    steerJob,
    steerResource: openSteerResource({ store, bus, audit, clock }),
    deleteJob,
    withdrawUnlessNamed,
    endJob,
    giveUp,
    admitShard: tokens.check,
    acceptReport: openAcceptReport(reporting),
    handleShardEvent: openShardEvents({ store, freeShard: tellReplicas.freeShard, startJob, endJob, giveUp }),
    pilot: openPilot({ clock, slots }),
    tokens,
    live,
    completeLog,
    timers: openJobTimers({ store, endJob, deleteJob, clock, logger }),
  };
};
