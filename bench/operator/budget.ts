import { until } from '@simfleet/testing';
import { startKubelet } from '../../operator/test/support/kubelet.ts';
import { namespace, openCluster, simulationJobsPath, type Cluster } from './cluster.ts';
import { operator } from './full.ts';
import { countedRequests } from './requests.ts';
import { scoped } from './scoped.ts';

/** What the operator asked the API server over the life of one job. */
export interface Budget {
  readonly name: string;
  readonly blocks: number;
  readonly paths: string;
  /** From the job's creation until its resource is gone. */
  readonly seconds: number;
  /** Leases and watches aside. */
  readonly requests: number;
  /** `create secrets 1, …` */
  readonly kinds: string;
}

interface Job {
  readonly status?: {
    readonly state?: string;
    readonly stopReason?: string;
    readonly counts?: { readonly blocks: number };
  };
}

const limitMs = 180_000;
/** Late Events and status writes belong to the job too. */
const quietMs = 3_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Paths of the jobs: some ten blocks and as many as a machine of two cores does in the better part of a minute. */
const budgetPaths = ['500000', '60000000'] as const;

const warmPaths = '100000';

const manifest = (name: string, maxPaths: string) => ({
  apiVersion: 'simfleet.dev/v1alpha1',
  kind: 'SimulationJob',
  metadata: { name },
  spec: {
    serviceRef: { name: 'asian-option' },
    parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, steps: 252, type: 'call' },
    seed: '42',
    maxPaths,
    shards: 2,
  },
});

/** `create jobs`, `patch simulationjobs/status`, … */
const kindOf = (request: string): string => {
  const [verb = '', uri = ''] = request.split(' ');
  const parts = uri.replace(/\?.*/, '').split('/').filter(Boolean);
  const after = parts.slice(parts.indexOf('namespaces') + 2);
  return `${verb} ${after.filter((_, index) => index !== 1).join('/')}`;
};

const tally = (requests: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const request of requests) counts.set(kindOf(request), (counts.get(kindOf(request)) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
};

const life = async (cluster: Cluster, name: string, maxPaths: string): Promise<Budget> => {
  const { api } = cluster.plane;
  const path = `${simulationJobsPath}/${name}`;
  const before = countedRequests(cluster).length;
  const began = performance.now();
  await api.create(simulationJobsPath, manifest(name, maxPaths));
  let last: Job = {};
  const look = async (): Promise<boolean> => {
    await pause(100);
    last = (await api.get(path)) as Job;
    return ['Succeeded', 'Failed', 'Cancelled'].includes(last.status?.state ?? '');
  };
  await until(`${name} to be over`, look, limitMs).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(last)}`, { cause: error });
  });
  if (last.status?.stopReason !== 'Completed') throw new Error(`${name} ended otherwise: ${JSON.stringify(last)}`);
  await api.remove(path);
  await until(`${name} to be gone`, async () => (await api.send('GET', path)).status === 404, limitMs);
  const seconds = (performance.now() - began) / 1000;
  await pause(quietMs);
  const requests = countedRequests(cluster).slice(before);
  return {
    name,
    blocks: last.status.counts?.blocks ?? Number.NaN,
    paths: maxPaths,
    seconds,
    requests: requests.length,
    kinds: tally(requests),
  };
};

/** Lives of jobs, one after the other, from their creation to their deletion; shards are processes of this machine. */
export const budgets = (): Promise<readonly Budget[]> =>
  scoped(async (scope) => {
    const cluster = await openCluster(scope, { controllerManager: true, audit: true });
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
    await until('the service account', async () => (await cluster.plane.api.send('GET', account)).status === 200);
    const kubelet = startKubelet(cluster.plane, () => [namespace]);
    scope.after(() => kubelet.stop());
    await operator.start(cluster, scope, { inspect: false });
    // The first one hears of the operator's own start: its lists and its election.
    await life(cluster, 'warm', warmPaths);
    const lives: Budget[] = [];
    for (const [index, paths] of budgetPaths.entries()) lives.push(await life(cluster, `life-${index}`, paths));
    return lives;
  });
