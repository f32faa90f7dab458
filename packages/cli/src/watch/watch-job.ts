import type { Job, JobResult } from '@simfleet/contracts';
import { print } from '../output/format.ts';
import { printableResult } from '../output/result.ts';
import type { Session } from '../session.ts';
import { createDisplay } from './display.ts';
import { followJob } from './follow.ts';

export interface WatchOptions {
  readonly quiet: boolean;
  /** Further reason to stop watching, beside ctrl-C. */
  readonly signal?: AbortSignal;
}

/** Shows a job's progress until its result. Throws as `followJob` does. */
export const watchJob = async (session: Session, job: Job, options: WatchOptions): Promise<JobResult> => {
  const { terminal, client } = session;
  const display = createDisplay(terminal, { metric: job.spec.precision?.metric, quiet: options.quiet });
  const signals = options.signal === undefined ? [terminal.interrupted] : [terminal.interrupted, options.signal];
  try {
    return await followJob({
      client,
      terminal,
      jobId: job.id,
      signal: AbortSignal.any(signals),
      onEvent: display.show,
      onTrouble: display.trouble,
    });
  } finally {
    display.close();
  }
};

/** The result on standard output, in the form that was asked for. */
export const printResult = (session: Session, result: JobResult): Promise<void> =>
  print(session.terminal, session.output, printableResult(result));
