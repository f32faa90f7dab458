import { z } from 'zod';

/** Options of the local executor. */
export const localExecutorOptions = z.object({
  executorSlots: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Shards that run at the same time on this machine; as many as there are cores when left out.'),
  executorOutputBytes: z
    .int()
    .min(4096)
    .default(4 * 2 ** 20)
    .describe('Bytes of shard output kept for each job; the oldest lines go first.'),
  executorOutputDays: z
    .int()
    .min(1)
    .max(36_500)
    .optional()
    .describe('Days that shard output is kept of a job that does not run; as long as the job when left out.'),
});
export type LocalExecutorOptions = z.infer<typeof localExecutorOptions>;
