import type { Job } from '@simfleet/contracts';

/** Whether the job waits for a quota of its customer. A platform of an earlier release tells of none. */
export const waitsForQuota = ({ waitsFor }: Pick<Job, 'waitsFor'>): boolean =>
  waitsFor === 'jobs-running' || waitsFor === 'paths';

/** Whether the job is to have no pods for now: suspended, or waiting for a quota. */
export const isHeld = (job: Pick<Job, 'spec' | 'waitsFor'>): boolean => job.spec.suspend || waitsForQuota(job);
