import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import type { ExitName } from '../exit-codes.ts';
import { rotateFile } from '../keys/rotate-file.ts';
import { rotated } from '../keys/rotated.ts';
import { print } from '../output/format.ts';
import type { Cli, Session } from '../session.ts';
import { examples, wholeNumber } from './flags.ts';

/** A week, in seconds: copying a file to every replica takes less, and a slip of the finger would leave the old key for years. */
const longestDelay = 604_800;

interface RotateFlags {
  readonly file?: string;
  readonly after: number;
  readonly revoke: boolean;
}

const rotate = async ({ terminal, output, dataDir }: Session, flags: RotateFlags): Promise<ExitName> => {
  const path = flags.file ?? join(dataDir, 'cursor-key');
  const now = terminal.now();
  const fresh = { secret: randomBytes(32).toString('base64url'), from: now + flags.after * 1000, now };
  const lines = await rotateFile(path, (old) => {
    const all = rotated(old, fresh);
    return flags.revoke ? all.slice(0, 1) : all;
  });
  const [made, ...others] = lines;
  const from = new Date(fresh.from).toISOString();
  const kept = others.map(({ id }) => id);
  const opening = kept.length === 0 ? 'no earlier key opens any more' : `still opening: ${kept.join(', ')}`;
  await print(terminal, output, {
    document: { file: path, key: made?.id, from, opening: kept },
    names: [String(made?.id)],
    table: () => `key ${made?.id} makes cursors from ${from} on; ${opening}\n`,
  });
  return 'ok';
};

export const rotateCursorKeyCommand = (cli: Cli): Command =>
  new Command('rotate-cursor-key')
    .summary('give list cursors a new key')
    .description(
      'Put a new key into the file of cursor keys. Running platforms read the file again within 5 seconds, open cursors of the ' +
        'new key at once and make them after the time given, so that every replica knows it before any uses it. ' +
        'Earlier keys stay until their last cursor has expired, three days later.',
    )
    .option('--file <path>', 'file of the keys (default: cursor-key in the data directory)')
    .option(
      '--after <seconds>',
      'until the new key is used: long enough for every replica to get the file',
      wholeNumber(0, longestDelay),
      300,
    )
    .option('--revoke', 'drop all earlier keys: whoever is paging has to start again', false)
    .addHelpText(
      'after',
      examples('simfleet rotate-cursor-key', 'simfleet rotate-cursor-key --file /etc/simfleet/cursor-key --after 600'),
    )
    .action(async (flags: RotateFlags, command: Command) => cli.end(await rotate(cli.session(command), flags)));
