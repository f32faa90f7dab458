import { Argument, Command, Option } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { Customer, Job, Page, PageTotal, Service } from '@simfleet/contracts';
import type { Query } from '../connection/client.ts';
import type { ExitName } from '../exit-codes.ts';
import { printableCustomer, printableCustomers, printableService, printableServices } from '../output/catalogue.ts';
import { print } from '../output/format.ts';
import type { Printable } from '../output/format.ts';
import { printableJob, printableJobs } from '../output/job.ts';
import { listNotice } from '../output/list-notice.ts';
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
  readonly page?: number;
  readonly pageSize?: number;
  readonly total?: string;
  readonly allCustomers: boolean;
}

/** Items of a list, from its start or of one numbered page. */
interface Part<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
  readonly numbered?: { readonly page: number; readonly pageSize: number };
  readonly total?: PageTotal;
}

const readPart = async <Item>(
  { client }: Session,
  path: string,
  query: Query,
  { page, pageSize, limit, total, sort }: GetFlags,
): Promise<Part<Item>> => {
  const asked = { ...query, sort, total };
  if (page === undefined && pageSize === undefined) return client.list<Item>(path, asked, limit);
  const { body } = await client.request<Page<Item>>('GET', path, { query: { ...asked, page, pageSize } });
  return {
    items: body.items,
    more: body.next !== null,
    numbered: { page: body.page ?? 1, pageSize: body.pageSize ?? body.items.length },
    ...(body.total === undefined ? {} : { total: body.total }),
  };
};

interface Listed {
  readonly printable: Printable;
  readonly part: Part<unknown>;
}

/** What was asked for about the page goes into the document too. */
const listed = <Item>(part: Part<Item>, show: (items: readonly Item[]) => Printable): Listed => {
  const { items, numbered, total } = part;
  const document = { items, ...numbered, ...(total === undefined ? {} : { total }) };
  return { printable: { ...show(items), document }, part };
};

const listJobs = async (session: Session, flags: GetFlags): Promise<Listed> => {
  const { state, service, label } = flags;
  const query = { customer: flags.allCustomers ? undefined : session.customer, state, service, label };
  const part = await readPart<Job>(session, '/v1/jobs', query, flags);
  return listed(part, (jobs) => printableJobs(jobs, session.terminal.now()));
};

const listServices = async (session: Session, flags: GetFlags): Promise<Listed> =>
  listed(await readPart<Service>(session, '/v1/services', {}, flags), printableServices);

const listCustomers = async (session: Session, flags: GetFlags): Promise<Listed> => {
  const part = await readPart<Customer>(session, '/v1/customers', {}, flags);
  return listed(part, (customers) => printableCustomers(customers, session.terminal.now()));
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
  const { printable, part } = await lists[kind](session, flags);
  await print(session.terminal, session.output, printable);
  const { items, ...place } = part;
  const notice = listNotice({ kind, shown: items.length, limit: flags.limit, ...place });
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
    .addOption(new Option('--page <n>', 'one page by its number, from 1').argParser(wholeNumber(1)).conflicts('limit'))
    .addOption(
      new Option('--page-size <n>', 'so many on a numbered page, 50 when left out')
        .argParser(wholeNumber(1))
        .conflicts('limit'),
    )
    .addOption(
      new Option('--total <how>', 'tell how many there are: exact, or capped at 1000').choices([
        'exact',
        'capped',
        'none',
      ]),
    )
    .option('-A, --all-customers', 'jobs of all customers', false)
    .addHelpText(
      'after',
      examples(
        'simfleet get jobs --state Running',
        'simfleet get jobs -l desk=rates -o json',
        'simfleet get jobs --page 2 --page-size 20 --total capped',
        'simfleet get job asian-call -o yaml',
        'simfleet get jobs --state Running -o name | xargs simfleet suspend',
      ),
    )
    .action(async (kind: string, name: string | undefined, flags: GetFlags, command: Command) =>
      cli.end(await get(cli.session(command), kindOf(kind), name, flags)),
    );
