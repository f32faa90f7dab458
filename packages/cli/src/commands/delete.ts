import { Command } from 'commander';
import { findJob } from '../jobs/find-job.ts';
import { findCustomer, findService } from '../jobs/find-others.ts';
import type { ExitName } from '../exit-codes.ts';
import { print } from '../output/format.ts';
import type { Cli, Session } from '../session.ts';
import { examples } from './flags.ts';
import { kindAndName } from './kinds.ts';

const remove = async (session: Session, words: readonly string[]): Promise<ExitName> => {
  const { kind, name } = kindAndName(words);
  const { client, customer, terminal } = session;
  const [path, shown] =
    kind === 'jobs'
      ? await findJob(client, customer, name).then((job) => [`/v1/jobs/${job.id}`, job.name] as const)
      : kind === 'services'
        ? await findService(client, name).then((service) => [`/v1/services/${service.name}`, service.name] as const)
        : await findCustomer(client, name).then(({ id }) => [`/v1/customers/${id}`, id] as const);
  await client.request('DELETE', path);
  const singular = kind.slice(0, -1);
  await print(terminal, session.output, {
    document: { kind: singular, name: shown, deleted: true },
    names: [shown],
    table: () => `${singular} ${shown} deleted\n`,
  });
  return 'ok';
};

export const deleteCommand = (cli: Cli): Command =>
  new Command('delete')
    .summary('delete a job, a service or a customer')
    .description('Delete a job that is over, with its result; a service that no job uses; or a customer without jobs.')
    .argument('<kind-or-job>', 'job (the default), service or customer')
    .argument('[name]', 'its name or id')
    .addHelpText('after', examples('simfleet delete asian-call', 'simfleet delete service my-option'))
    .action(async (first: string, second: string | undefined, _flags: object, command: Command) =>
      cli.end(await remove(cli.session(command), second === undefined ? [first] : [first, second])),
    );
