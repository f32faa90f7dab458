import { Command } from 'commander';
import { exitForResult } from '../exit-codes.ts';
import type { ExitName } from '../exit-codes.ts';
import { findJob } from '../jobs/find-job.ts';
import type { Cli, Session } from '../session.ts';
import { printResult, watchJob } from '../watch/watch-job.ts';
import { examples, failOnThresholdOption, quietOption } from './flags.ts';

interface WatchFlags {
  readonly quiet: boolean;
  readonly failOnThreshold: boolean;
}

const watch = async (session: Session, name: string, flags: WatchFlags): Promise<ExitName> => {
  const job = await findJob(session.client, session.customer, name);
  const result = await watchJob(session, job, flags);
  await printResult(session, result);
  return exitForResult(result, flags.failOnThreshold);
};

export const watchCommand = (cli: Cli): Command =>
  new Command('watch')
    .summary('follow a job to its result')
    .description(
      'Follow a job to its result: progress on standard error, the result on standard output. ' +
        'Goes on by itself when the connection or the platform goes away in between. ctrl-C leaves the job running.',
    )
    .argument('<job>', 'name or id')
    .addOption(quietOption())
    .addOption(failOnThresholdOption())
    .addHelpText('after', examples('simfleet watch asian-call', 'simfleet watch asian-call -q -o json > result.json'))
    .action(async (name: string, flags: WatchFlags, command: Command) =>
      cli.end(await watch(cli.session(command), name, flags)),
    );
