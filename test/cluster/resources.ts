import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@simfleet/testing';
import type { TestCluster } from '@simfleet/testing';
import type { SimulationJobStatus } from '@simfleet/contracts';

const root = join(import.meta.dirname, '../..');

/** A SimulationJob as the API server shows it. */
export interface ShownJob {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations?: Record<string, string> };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: SimulationJobStatus;
}

/** Longest wait for a job on a machine that does other things too, in milliseconds. */
const limitMs = 120_000;

/** What a namespace of a customer holds, by kubectl. */
export interface Namespace {
  kubectl(...words: readonly string[]): Promise<string>;
  /** Applies a manifest; the name, and members of the spec, in place of its own. */
  apply(manifest: string, name: string, spec?: Readonly<Record<string, unknown>>): Promise<void>;
  patch(name: string, spec: Readonly<Record<string, unknown>>): Promise<void>;
  job(name: string): Promise<ShownJob | null>;
  /** Waits until the job is as the condition wants it. */
  when(name: string, what: string, condition: (job: ShownJob) => boolean): Promise<ShownJob>;
  state(name: string, state: string): Promise<ShownJob>;
  names(kind: string, selector?: string): Promise<readonly string[]>;
}

export const openNamespace = async (cluster: TestCluster, name: string, customer: string): Promise<Namespace> => {
  await cluster.kubectl(['create', 'namespace', name]);
  await cluster.kubectl(['label', 'namespace', name, `simfleet.dev/customer=${customer}`]);
  await cluster.kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted']);
  const kubectl = (...words: readonly string[]): Promise<string> => cluster.kubectl([...words, '--namespace', name]);

  const job = async (jobName: string): Promise<ShownJob | null> => {
    const text = await kubectl('get', 'simjob', jobName, '-o', 'json', '--ignore-not-found');
    return text === '' ? null : (JSON.parse(text) as ShownJob);
  };
  const when: Namespace['when'] = (jobName, what, condition) => {
    let last: ShownJob | null = null;
    return until(
      `${jobName} ${what}`,
      async () => {
        // While the API server is away, nobody knows.
        last = await job(jobName).catch(() => null);
        return last !== null && condition(last) ? last : false;
      },
      limitMs,
    ).catch((error: unknown) => {
      throw new Error(`last seen: ${JSON.stringify(last)}`, { cause: error });
    });
  };
  return {
    kubectl,
    async apply(manifest, jobName, spec = {}) {
      const text = readFileSync(join(root, manifest), 'utf8');
      const dry = ['create', '--dry-run=client', '-o', 'json', '-f', '-'];
      const object = JSON.parse(await cluster.kubectl(dry, text)) as ShownJob;
      const renamed = { ...object, metadata: { name: jobName }, spec: { ...object.spec, ...spec } };
      await cluster.kubectl(['apply', '--namespace', name, '-f', '-'], JSON.stringify(renamed));
    },
    async patch(jobName, spec) {
      await kubectl('patch', 'simjob', jobName, '--type=merge', '-p', JSON.stringify({ spec }));
    },
    job,
    when,
    state: (jobName, state) => when(jobName, `is ${state}`, ({ status }) => status?.state === state),
    async names(kind, selector) {
      const chosen = selector === undefined ? [] : ['-l', selector];
      return (await kubectl('get', kind, '-o', 'name', ...chosen)).split('\n').filter(Boolean);
    },
  };
};
