import { z } from 'zod';

const days = z.int().min(1).max(36_500).optional();
const count = z.int().min(1).max(1_000_000).optional();

/** Options of the jobs service. Nothing goes by itself unless it is told to: a job that is over is kept with its result until somebody deletes it. */
export const jobsOptions = z.object({
  retainJobsDays: days.describe(
    'Days that a job is kept after its end, with result, ledger, history and output; for ever when left out.',
  ),
  retainJobsCount: count.describe(
    'Jobs that are over that each customer keeps; those that ended first go first. All when left out.',
  ),
  retainLiveDays: days.describe(
    'Days that the live history of a job is kept after its end; then its result alone. As long as the job when left out.',
  ),
  retainLiveCount: count.describe(
    'Newest live events kept of a job that is over, its result among them. All when left out.',
  ),
  containerServices: z
    .boolean()
    .default(false)
    .describe('Whether jobs of services that run an image may be created: where a cluster runs them.'),
  retainAuditDays: days.describe('Days that audit entries are kept; for ever when left out.'),
  retainAuditCount: count.describe('Newest audit entries kept of each customer; all when left out.'),
});
export type JobsOptions = z.input<typeof jobsOptions>;
