import { errorCode } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { relocated } from '../manifests/index.ts';
import { changeJob, createJob } from './apply-job.ts';
import type { JobManifest } from './apply-job.ts';
import { isOver, jobNamed } from './find-job.ts';

/** RFC 1123: what a name may hold at most. */
const LONGEST_NAME = 63;
const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** `name-x7k2p`; letters without vowels, so that no words appear. */
export const suffixed = (name: string, random: () => number = Math.random): string => {
  const suffix = Array.from({ length: 5 }, () => letters[Math.floor(random() * letters.length)]).join('');
  return `${name.slice(0, LONGEST_NAME - suffix.length - 1).replace(/-+$/, '')}-${suffix}`;
};

export interface Run {
  readonly job: Job;
  readonly how: 'created' | 'created under a new name' | 'changed' | 'already there';
}

const createSuffixed = async (client: Client, customer: string, manifest: JobManifest): Promise<Run> => {
  const { metadata } = manifest.manifest;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const named = { ...manifest.manifest, metadata: { ...metadata, name: suffixed(metadata.name) } };
      return { job: await createJob(client, customer, named), how: 'created under a new name' };
    } catch (error) {
      if (errorCode(error) !== 'already-exists' || attempt === 3) throw relocated(error, manifest);
    }
  }
};

const continueWith = async (client: Client, customer: string, existing: Job, manifest: JobManifest): Promise<Run> => {
  if (isOver(existing)) return createSuffixed(client, customer, manifest);
  const [job, outcome] = await changeJob(client, existing.id, manifest);
  return { job, how: outcome === 'changed' ? 'changed' : 'already there' };
};

/**
 * Starts what a manifest describes: a new job; the one of that name, brought up to date, while it is not over; and a new
 * one under a generated suffix when it is.
 */
export const runJob = async (client: Client, customer: string, manifest: JobManifest): Promise<Run> => {
  const { name } = manifest.manifest.metadata;
  const existing = await jobNamed(client, customer, name);
  if (existing !== undefined) return continueWith(client, customer, existing, manifest);
  try {
    return { job: await createJob(client, customer, manifest.manifest), how: 'created' };
  } catch (error) {
    const taken = errorCode(error) === 'already-exists' ? await jobNamed(client, customer, name) : undefined;
    if (taken === undefined) throw relocated(error, manifest);
    return continueWith(client, customer, taken, manifest);
  }
};
