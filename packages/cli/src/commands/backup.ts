import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import type { ExitName } from '../exit-codes.ts';
import { print } from '../output/format.ts';
import { printableBackup, recordsDisplay } from '../output/records.ts';
import { runOperation } from '../platform/operation.ts';
import type { OperationSummary } from '../platform/operation.ts';
import type { Cli, Session } from '../session.ts';
import { examples } from './flags.ts';
import { platformArguments } from './platform-flags.ts';

/** Which store is meant. */
export interface StoreFlags {
  readonly storage?: string;
  readonly storageFile?: string;
}

interface BackupFlags extends StoreFlags {
  readonly out?: string;
  readonly verify?: string;
}

export const withStoreFlags = (command: Command): Command =>
  command
    .option('--storage <url>', 'sqlite:, sqlite:<file>, postgres://… or mongodb://… (default: sqlite:)')
    .option('--storage-file <file>', 'file that holds the URL of the store, which others see on a command line');

/** Does work on a store or a file, and shows how far it is. */
export const operate = async (
  { terminal, dataDir }: Session,
  store: StoreFlags,
  operation: 'backup' | 'restore' | 'verify',
  file: string,
): Promise<OperationSummary> => {
  const { flags, variables } = platformArguments({ ...store, verbose: false });
  const display = recordsDisplay(terminal);
  try {
    return await runOperation({
      terminal,
      variables,
      flags: [
        ...['--operation', operation, '--backup-file', file === '-' ? file : resolve(terminal.cwd, file)],
        ...['--data-dir', resolve(terminal.cwd, dataDir), ...flags],
      ],
      onProgress: display.show,
    });
  } finally {
    display.close();
  }
};

/** `simfleet-20261122T202500Z.backup.zst`: sorts by time. */
const nameAt = (now: number): string => `simfleet-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}.backup.zst`;

const backup = async (session: Session, flags: BackupFlags): Promise<ExitName> => {
  const { terminal, output } = session;
  if (flags.verify !== undefined) {
    await print(terminal, output, printableBackup(await operate(session, flags, 'verify', flags.verify)));
    return 'ok';
  }
  const file = flags.out ?? nameAt(terminal.now());
  if (file === '-' && terminal.stdout.isTTY)
    throw new SimfleetError(
      'invalid-request',
      '--out -: a backup is no text for a terminal, send it into a file or a pipe',
    );
  const done = printableBackup(await operate(session, flags, 'backup', file));
  if (file === '-') await terminal.stderr.write(done.table());
  else await print(terminal, output, done);
  return 'ok';
};

export const backupCommand = (cli: Cli): Command =>
  withStoreFlags(new Command('backup'))
    .summary('copy everything in a store into a file')
    .description(
      'Copy everything in a store into one file, beside the platform that uses it. The file is checked and then gets its name; it ' +
        'holds customers’ data, and only you may read it. The keys and tokens of the data directory are not in it.',
    )
    .option('--out <file>', 'file to make, - for standard output (default: simfleet-<time>.backup.zst)')
    .addOption(
      new Option('--verify <file>', 'check this backup against its counts and digests instead of making one').conflicts(
        ['out', 'storage', 'storageFile'],
      ),
    )
    .addHelpText(
      'after',
      examples(
        'simfleet backup',
        'simfleet backup --data-dir /var/lib/simfleet --out /backups/monday.backup.zst',
        'simfleet backup --storage-file /etc/simfleet/storage --out - | ssh backup.example.com "cat > monday.backup.zst"',
        'simfleet backup --verify monday.backup.zst',
      ),
    )
    .action(async (flags: BackupFlags, command: Command) => cli.end(await backup(cli.session(command), flags)));
