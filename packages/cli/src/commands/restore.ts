import { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { print } from '../output/format.ts';
import { printableBackup } from '../output/records.ts';
import type { Cli, Session } from '../session.ts';
import { operate, withStoreFlags } from './backup.ts';
import type { StoreFlags } from './backup.ts';
import { examples } from './flags.ts';

interface RestoreFlags extends StoreFlags {
  readonly dryRun: boolean;
}

const restore = async (session: Session, file: string, flags: RestoreFlags): Promise<ExitName> => {
  if (file === '-')
    throw new SimfleetError('invalid-request', 'a backup is read twice, first to check it: put it into a file');
  const done = await operate(session, flags, flags.dryRun ? 'verify' : 'restore', file);
  await print(session.terminal, session.output, printableBackup(done));
  return 'ok';
};

export const restoreCommand = (cli: Cli): Command =>
  withStoreFlags(new Command('restore'))
    .summary('load a backup into an empty store')
    .description(
      'Load a backup into an empty store of any kind, with no platform on it. The file is checked to its end before anything is written, and ' +
        'the store is compared with it by counts and digest afterwards. From a backup of SQLite into PostgreSQL or MongoDB is the way to move.',
    )
    .argument('<file>', 'the backup')
    .option('--dry-run', 'check the file and write nothing', false)
    .addHelpText(
      'after',
      examples(
        'simfleet restore monday.backup.zst --data-dir /var/lib/simfleet',
        'simfleet restore monday.backup.zst --storage-file /etc/simfleet/storage    # that holds postgres://… or mongodb://…',
        'simfleet restore monday.backup.zst --dry-run',
      ),
    )
    .action(async (file: string, flags: RestoreFlags, command: Command) =>
      cli.end(await restore(cli.session(command), file, flags)),
    );
