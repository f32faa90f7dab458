import { Command, Option } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { DeadLetterView } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { tellFailure } from '../failure.ts';
import { print } from '../output/format.ts';
import { listNotice } from '../output/list-notice.ts';
import { age } from '../output/numbers.ts';
import { table } from '../output/table.ts';
import type { Cli, Session } from '../session.ts';
import { examples, wholeNumber } from './flags.ts';

interface DeadFlags {
  readonly consumer?: string;
  readonly limit: number;
  readonly after?: string;
}

const path = '/v1/events/dead';
/** More letters than any list of them is read in one go. */
const everyLetter = 1_000_000;

const dead = async ({ client, terminal, output }: Session, flags: DeadFlags): Promise<ExitName> => {
  const { consumer, limit, after } = flags;
  const found = await client.list<DeadLetterView>(path, { consumer }, after === undefined ? limit : everyLetter);
  const behind = found.items.filter(({ id }) => after === undefined || id > after);
  const items = behind.slice(0, limit);
  const now = terminal.now();
  await print(terminal, output, {
    document: { items },
    names: items.map(({ id }) => id),
    table: () =>
      table(
        ['ID', 'CONSUMER', 'TYPE', 'SOURCE', 'CUSTOMER', 'ATTEMPTS', 'AGE', 'REASON'],
        items.map(({ id, consumer, event, attempts, time, reason }) => [
          ...[id, consumer, event.type, event.source, event.customer],
          ...[String(attempts), age(now - Date.parse(time)), reason],
        ]),
        { right: [5, 6] },
      ),
  });
  const more = found.more || behind.length > limit;
  const notice = listNotice({ kind: 'dead letters', shown: items.length, limit, more });
  if (notice !== '' && output === 'table') await terminal.stderr.write(`${notice}\n`);
  return 'ok';
};

interface ReplayFlags {
  readonly all: boolean;
  readonly consumer?: string;
}

/** Those that are there now: a letter that comes back while they are replayed is not tried again. */
const chosen = async ({ client }: Session, ids: readonly string[], flags: ReplayFlags): Promise<readonly string[]> => {
  if (flags.all === ids.length > 0)
    throw new SimfleetError('invalid-request', 'name the letters, as `simfleet events dead` shows them, or give --all');
  if (!flags.all && flags.consumer !== undefined)
    throw new SimfleetError('invalid-request', '--consumer goes with --all');
  if (!flags.all) return ids;
  const { items } = await client.list<DeadLetterView>(path, { consumer: flags.consumer }, everyLetter);
  return items.map(({ id }) => id);
};

/** All of them, even when one fails; the first failure gives the exit code. */
const each = async (
  { terminal, output }: Session,
  ids: readonly string[],
  done: string,
  act: (id: string) => Promise<unknown>,
): Promise<ExitName> => {
  const items: { readonly id: string; readonly done: string }[] = [];
  let exit: ExitName = 'ok';
  for (const id of ids) {
    try {
      await act(id);
      items.push({ id, done });
      if (output === 'table') await terminal.stdout.write(`dead letter ${id} ${done}\n`);
    } catch (error) {
      const failure = await tellFailure(terminal, error);
      if (exit === 'ok') exit = failure;
    }
  }
  if (output !== 'table')
    await print(terminal, output, { document: { items }, names: items.map(({ id }) => id), table: () => '' });
  else if (ids.length === 0) await terminal.stderr.write('no dead letters\n');
  return exit;
};

const letterPath = (id: string): string => `${path}/${encodeURIComponent(id)}`;

const deadCommand = (cli: Cli): Command =>
  new Command('dead')
    .summary('list events that consumers could not handle')
    .description('List events that consumers could not handle, oldest first, each with the reason of its last attempt.')
    .option('--consumer <name>', 'only those of this consumer')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 100)
    .option('--after <id>', 'only those behind this one')
    .action(async (flags: DeadFlags, command: Command) => cli.end(await dead(cli.session(command), flags)));

const replayCommand = (cli: Cli): Command =>
  new Command('replay')
    .summary('hand events to their consumers again')
    .description(
      'Hand events to their consumers again, once the cause is mended. What fails again is listed again, as a new letter; an event has its effect once, however often it is replayed.',
    )
    .argument('[id...]', 'dead letters, as `simfleet events dead` shows them')
    .option('--all', 'all there are', false)
    .addOption(new Option('--consumer <name>', 'with --all: only those of this consumer'))
    .action(async (ids: readonly string[], flags: ReplayFlags, command: Command) => {
      const session = cli.session(command);
      const act = (id: string): Promise<unknown> =>
        session.client.request('POST', `${letterPath(id)}:replay`, { body: {} });
      cli.end(await each(session, await chosen(session, ids, flags), 'replayed', act));
    });

const discardCommand = (cli: Cli): Command =>
  new Command('discard')
    .summary('forget events for good')
    .description('Forget events that consumers could not handle. Their effects never come.')
    .argument('<id...>', 'dead letters, as `simfleet events dead` shows them')
    .action(async (ids: readonly string[], _flags: object, command: Command) => {
      const session = cli.session(command);
      cli.end(await each(session, ids, 'discarded', (id) => session.client.request('DELETE', letterPath(id))));
    });

export const eventsCommand = (cli: Cli): Command =>
  new Command('events')
    .summary('events that could not be handled: dead, replay, discard')
    .description(
      'Events that a consumer could not handle after ten attempts are parked with the reason. For administrators.',
    )
    .helpCommand(false)
    .addCommand(deadCommand(cli))
    .addCommand(replayCommand(cli))
    .addCommand(discardCommand(cli))
    .addHelpText(
      'after',
      examples(
        'simfleet events dead',
        'simfleet events dead --consumer jobs-shards -o json',
        'simfleet events replay 000000000001',
        'simfleet events replay --all --consumer jobs-shards',
        'simfleet events discard 000000000002',
      ),
    );
