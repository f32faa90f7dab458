import { SimfleetError } from '@simfleet/contracts';
import type { Job, JobResult } from '@simfleet/contracts';
import { createClient } from '../connection/client.ts';
import { applyService } from '../jobs/apply-service.ts';
import type { JobManifest } from '../jobs/apply-job.ts';
import { runJob } from '../jobs/run-job.ts';
import { loadManifests } from '../manifests/index.ts';
import type { Manifest } from '../manifests/index.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { watchJob } from '../watch/watch-job.ts';

/** Manifests of which exactly one is a job: services that it needs may stand beside it. */
export interface RunPlan {
  readonly services: readonly Extract<Manifest, { kind: 'SimulationService' }>[];
  readonly job: JobManifest;
}

/** Throws `invalid-request` unless there is exactly one job. */
export const loadRunPlan = async (terminal: Terminal, files: readonly string[]): Promise<RunPlan> => {
  const manifests = await loadManifests(terminal, files);
  const jobs = manifests.filter((each) => each.kind === 'SimulationJob');
  const [job] = jobs;
  if (job === undefined || jobs.length > 1)
    throw new SimfleetError(
      'invalid-request',
      `run takes one SimulationJob; there are ${jobs.length} (use apply for several)`,
    );
  return { services: manifests.filter((each) => each.kind === 'SimulationService'), job };
};

export interface RunOptions {
  readonly quiet: boolean;
  /** The platform goes away with the command, so its jobs need no decision after ctrl-C. */
  readonly embedded: boolean;
  readonly signal?: AbortSignal;
}

/** ctrl-C leaves a job running unless the person at the terminal says otherwise. */
const decideAfterInterrupt = async ({ terminal, client }: Session, job: Job): Promise<void> => {
  const { stdin, stderr } = terminal;
  const asks = stdin.isTTY && stderr.isTTY;
  const answer = asks ? await stdin.ask(`Cancel the job ${job.name} too? [y/N] `, { secret: false }) : null;
  if (!/^y(es)?$/i.test(answer ?? '')) {
    await stderr.write(
      `job ${job.name} goes on: \`simfleet watch ${job.name}\` follows it, \`simfleet cancel ${job.name}\` ends it\n`,
    );
    return;
  }
  // The client of the session is interrupted as well.
  const again = createClient({ ...terminal, interrupted: new AbortController().signal }, client.address);
  await again.request('POST', `/v1/jobs/${job.id}:cancel`, { body: {} });
  await stderr.write(`job ${job.name} cancelled\n`);
};

/** Starts what the manifests describe and follows it to its result. */
export const runPlan = async (session: Session, plan: RunPlan, options: RunOptions): Promise<JobResult> => {
  const { terminal, client, customer } = session;
  for (const service of plan.services) await applyService(client, service);
  const { job, how } = await runJob(client, customer, plan.job);
  if (!options.quiet) await terminal.stderr.write(`job ${job.name} ${how} (${job.id})\n`);
  try {
    return await watchJob(session, job, options);
  } catch (error) {
    if (terminal.interrupted.aborted && !options.embedded) await decideAfterInterrupt(session, job);
    throw error;
  }
};
