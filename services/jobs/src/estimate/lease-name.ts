/** The lease of the process that folds the job and steers its shards. */
export const leaseOf = (jobId: string): string => `jobs/${jobId}`;
