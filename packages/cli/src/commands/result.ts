import { Command } from 'commander';
import type { JobResult } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { findJob } from '../jobs/find-job.ts';
import type { Cli, Session } from '../session.ts';
import { printResult } from '../watch/watch-job.ts';
import { examples } from './flags.ts';

const result = async (session: Session, name: string): Promise<ExitName> => {
  const job = await findJob(session.client, session.customer, name);
  await printResult(session, (await session.client.request<JobResult>('GET', `/v1/jobs/${job.id}/result`)).body);
  return 'ok';
};

export const resultCommand = (cli: Cli): Command =>
  new Command('result')
    .summary('print the result of a job that is over')
    .description(
      'Print the result of a job that is over: estimates beside closed forms, thresholds, digest, provenance.',
    )
    .argument('<job>', 'name or id')
    .addHelpText(
      'after',
      examples('simfleet result asian-call', 'simfleet result asian-call -o json | jq .resultDigest'),
    )
    .action(async (name: string, _flags: object, command: Command) =>
      cli.end(await result(cli.session(command), name)),
    );
