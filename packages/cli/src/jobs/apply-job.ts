import { errorCode } from '@simfleet/contracts';
import type { Job, Service, SimulationJobManifest } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { mistakesError, relocated } from '../manifests/index.ts';
import type { Manifest } from '../manifests/index.ts';
import { compareJob } from './compare.ts';
import { jobNamed } from './find-job.ts';

/** How often a change is tried again when somebody else changed the job in between. */
const ATTEMPTS = 5;

export type JobManifest = Extract<Manifest, { kind: 'SimulationJob' }>;
export type Outcome = 'created' | 'changed' | 'unchanged';

const specMembers = (written: unknown): readonly string[] => {
  const spec = (written as { readonly spec?: unknown }).spec;
  return typeof spec === 'object' && spec !== null ? Object.keys(spec) : [];
};

/** Creates the job once, however often the request has to be sent. Throws `already-exists` when the name is taken. */
export const createJob = async (client: Client, customer: string, manifest: SimulationJobManifest): Promise<Job> => {
  const { name, labels } = manifest.metadata;
  const body = { customer, name, labels, spec: manifest.spec };
  const headers = { 'idempotency-key': crypto.randomUUID() };
  return (await client.request<Job>('POST', '/v1/jobs', { body, headers })).body;
};

/** What the schema of the parameters says about those left out. */
const schemaDefaults = (schema: Service['spec']['parameters']): Readonly<Record<string, unknown>> => {
  const properties = typeof schema === 'boolean' ? undefined : schema['properties'];
  if (typeof properties !== 'object' || properties === null) return {};
  return Object.fromEntries(
    Object.entries(properties as Record<string, { readonly default?: unknown } | boolean>).flatMap(([name, each]) =>
      typeof each === 'object' && each.default !== undefined ? [[name, each.default]] : [],
    ),
  );
};

const serviceDefaults = async (client: Client, job: Job): Promise<Readonly<Record<string, unknown>>> => {
  const { name, version } = job.service;
  const { spec } = (await client.request<Service>('GET', `/v1/services/${name}/versions/${version}`)).body;
  return { ...schemaDefaults(spec.parameters), ...spec.defaults };
};

/** Asks for the change unless the job has changed since it was read. */
const changeOnce = async (client: Client, id: string, { document, manifest }: JobManifest): Promise<[Job, Outcome]> => {
  const { body: job, etag } = await client.request<Job>('GET', `/v1/jobs/${id}`);
  const difference = compareJob(job, manifest, specMembers(document.value), await serviceDefaults(client, job));
  if (difference.refused.length > 0) throw mistakesError(document, difference.refused, 'immutable');
  if (difference.patch === undefined) return [job, 'unchanged'];
  const headers: Record<string, string> = etag === null ? {} : { 'if-match': etag };
  const changed = await client.request<Job>('PATCH', `/v1/jobs/${id}`, { body: difference.patch, headers });
  return [changed.body, 'changed'];
};

const isRace = (error: unknown): boolean => {
  const code = errorCode(error);
  return code === 'version-conflict' || code === 'precondition-failed';
};

/**
 * Brings an existing job to what its manifest says.
 * Throws `immutable` with every member that differs and cannot change; then nothing is changed.
 */
export const changeJob = async (client: Client, id: string, manifest: JobManifest): Promise<[Job, Outcome]> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await changeOnce(client, id, manifest);
    } catch (error) {
      if (!isRace(error) || attempt === ATTEMPTS) throw relocated(error, manifest);
    }
  }
};

/** Creates the job, or changes the one of that name; an unchanged manifest changes nothing. */
export const applyJob = async (client: Client, customer: string, manifest: JobManifest): Promise<[Job, Outcome]> => {
  const { name } = manifest.manifest.metadata;
  const existing = await jobNamed(client, customer, name);
  if (existing !== undefined) return changeJob(client, existing.id, manifest);
  try {
    return [await createJob(client, customer, manifest.manifest), 'created'];
  } catch (error) {
    const made = errorCode(error) === 'already-exists' ? await jobNamed(client, customer, name) : undefined;
    if (made === undefined) throw relocated(error, manifest);
    return changeJob(client, made.id, manifest);
  }
};
