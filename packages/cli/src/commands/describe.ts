import { Command } from 'commander';
import type { ExitName } from '../exit-codes.ts';
import { findJob } from '../jobs/find-job.ts';
import { findCustomer, findService } from '../jobs/find-others.ts';
import { printableCustomer, printableService } from '../output/catalogue.ts';
import { print } from '../output/format.ts';
import { printableJob } from '../output/job.ts';
import type { Cli, Session } from '../session.ts';
import { examples } from './flags.ts';
import { kindAndName } from './kinds.ts';

const describe = async (session: Session, words: readonly string[]): Promise<ExitName> => {
  const { kind, name } = kindAndName(words);
  const { client, customer, terminal, output } = session;
  if (kind === 'jobs') await print(terminal, output, printableJob(await findJob(client, customer, name)));
  else if (kind === 'services') await print(terminal, output, printableService(await findService(client, name)));
  else await print(terminal, output, printableCustomer(await findCustomer(client, name)));
  return 'ok';
};

export const describeCommand = (cli: Cli): Command =>
  new Command('describe')
    .summary('show all about a job, a service or a customer')
    .description('Show all about a job, a service (its parameters with ranges) or a customer.')
    .argument('<kind-or-job>', 'job (the default), service or customer')
    .argument('[name]', 'its name or id')
    .addHelpText(
      'after',
      examples(
        'simfleet describe asian-call',
        'simfleet describe service asian-option',
        'simfleet describe customer default',
      ),
    )
    .action(async (first: string, second: string | undefined, _flags: object, command: Command) =>
      cli.end(await describe(cli.session(command), second === undefined ? [first] : [first, second])),
    );
