import { errorCode, name as nameSchema, SimfleetError } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import type { Client } from '../connection/client.ts';
import { didYouMean } from '../did-you-mean.ts';

/** Names to choose a suggestion from. */
const SUGGEST_FROM = 1000;

/** The customer's job of that name, or undefined. */
export const jobNamed = async (client: Client, customer: string, name: string): Promise<Job | undefined> => {
  if (!nameSchema.safeParse(name).success) return undefined;
  const { items } = await client.list<Job>('/v1/jobs', { customer, name }, 1);
  return items[0];
};

/** The job, or undefined. */
export const jobWithId = async (client: Client, id: string): Promise<Job | undefined> => {
  try {
    return (await client.request<Job>('GET', `/v1/jobs/${encodeURIComponent(id)}`)).body;
  } catch (error) {
    if (errorCode(error) === 'not-found') return undefined;
    throw error;
  }
};

/**
 * The job that a person means by a name (of the customer), an id, or `job/name`.
 * Throws `not-found` with the nearest name.
 */
export const findJob = async (client: Client, customer: string, typed: string): Promise<Job> => {
  const reference = typed.replace(/^jobs?\//, '');
  if (reference === '') throw new SimfleetError('invalid-request', 'the name of the job is empty');
  const found =
    (reference.startsWith('job-') ? await jobWithId(client, reference) : undefined) ??
    (await jobNamed(client, customer, reference));
  if (found !== undefined) return found;
  const { items } = await client.list<Job>('/v1/jobs', { customer }, SUGGEST_FROM);
  const guess = didYouMean(
    reference,
    items.map((job) => job.name),
  );
  throw new SimfleetError('not-found', `customer "${customer}" has no job "${reference}"${guess}`);
};

/** States from which a job goes on only by an extension. */
export const isOver = (job: Pick<Job, 'state'>): boolean =>
  job.state === 'Succeeded' || job.state === 'Failed' || job.state === 'Cancelled';
