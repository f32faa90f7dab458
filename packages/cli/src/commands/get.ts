import { Argument, Command, Option } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { Customer, Job, Service } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { printableCustomer, printableCustomers, printableService, printableServices } from '../output/catalogue.ts';
import { print } from '../output/format.ts';
import type { Printable } from '../output/format.ts';
import { printableJob, printableJobs } from '../output/job.ts';
import { findCustomer, findService } from '../jobs/find-others.ts';
import { findJob } from '../jobs/find-job.ts';
import type { Cli, Session } from '../session.ts';
import { examples, several, wholeNumber } from './flags.ts';
import { kindNames, kindOf } from './kinds.ts';
import type { Kind } from './kinds.ts';

interface GetFlags {
  readonly state?: string;
  readonly service?: string;
  readonly label?: readonly string[];
  readonly sort?: string;
  readonly limit: number;
  readonly allCustomers: boolean;
}

interface Listed {
  readonly printable: Printable;
  readonly more: boolean;
}

const listJobs = async ({ client, customer, terminal }: Session, flags: GetFlags): Promise<Listed> => {
  const { state, service, label, sort, limit } = flags;
  const query = { customer: flags.allCustomers ? undefined : customer, state, service, label, sort };
  const { items, more } = await client.list<Job>('/v1/jobs', query, limit);
  return { printable: printableJobs(items, terminal.now()), more };
};

const listServices = async ({ client }: Session, { limit, sort }: GetFlags): Promise<Listed> => {
  const { items, more } = await client.list<Service>('/v1/services', { sort }, limit);
  return { printable: printableServices(items), more };
};

const listCustomers = async ({ client, terminal }: Session, { limit, sort }: GetFlags): Promise<Listed> => {
  const { items, more } = await client.list<Customer>('/v1/customers', { sort }, limit);
  return { printable: printableCustomers(items, terminal.now()), more };
};

const lists: Readonly<Record<Kind, (session: Session, flags: GetFlags) => Promise<Listed>>> = {
  jobs: listJobs,
  services: listServices,
  customers: listCustomers,
};

/** One thing by name: the same document in json and yaml, one row in a table. */
const getOne = async (session: Session, kind: Kind, name: string): Promise<Printable> => {
  const now = session.terminal.now();
  if (kind === 'jobs') {
    const job = await findJob(session.client, session.customer, name);
    return { ...printableJob(job), table: () => printableJobs([job], now).table() };
  }
  if (kind === 'services') {
    const service = await findService(session.client, name);
    return { ...printableService(service), table: () => printableServices([service]).table() };
  }
  const customer = await findCustomer(session.client, name);
  return { ...printableCustomer(customer), table: () => printableCustomers([customer], now).table() };
};

const jobFlagsOnly = (kind: Kind, flags: GetFlags): void => {
  const wrong = (['state', 'service', 'label'] as const).find((flag) => flags[flag] !== undefined);
  if (kind !== 'jobs' && wrong !== undefined)
    throw new SimfleetError('invalid-request', `--${wrong} filters jobs, not ${kind}`);
};

const get = async (session: Session, kind: Kind, name: string | undefined, flags: GetFlags): Promise<ExitName> => {
  jobFlagsOnly(kind, flags);
  if (name !== undefined) {
    await print(session.terminal, session.output, await getOne(session, kind, name));
    return 'ok';
  }
  const { printable, more } = await lists[kind](session, flags);
  await print(session.terminal, session.output, printable);
  const notice =
    printable.names.length === 0 ? `no ${kind}` : more ? `there are more: raise --limit ${flags.limit}` : '';
  if (notice !== '' && session.output === 'table') await session.terminal.stderr.write(`${notice}\n`);
  return 'ok';
};

export const getCommand = (cli: Cli): Command =>
  new Command('get')
    .summary('list jobs, services or customers')
    .description('List jobs, services or customers, or show one of them by name.')
    .addArgument(new Argument('<kind>', kindNames.join(', ')))
    .argument('[name]', 'only this one')
    .option('--state <state>', 'jobs in this state: Queued, Running, Suspended, Succeeded, Failed, Cancelled')
    .option('--service <name>', 'jobs of this service')
    .addOption(new Option('-l, --label <key=value>', 'jobs with this label; several must all hold').argParser(several))
    .option('--sort <field>', 'order, such as name or -createdAt')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 100)
    .option('-A, --all-customers', 'jobs of all customers', false)
    .addHelpText(
      'after',
      examples(
        'simfleet get jobs --state Running',
        'simfleet get jobs -l desk=rates -o json',
        'simfleet get job asian-call -o yaml',
        'simfleet get jobs --state Running -o name | xargs simfleet suspend',
      ),
    )
    .action(async (kind: string, name: string | undefined, flags: GetFlags, command: Command) =>
      cli.end(await get(cli.session(command), kindOf(kind), name, flags)),
    );
