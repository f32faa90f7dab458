import { Command } from 'commander';
import { print } from '../output/format.ts';
import type { Cli } from '../session.ts';
import { version } from '../version.ts';

export const versionCommand = (cli: Cli): Command =>
  new Command('version')
    .summary('print the version')
    .description('Print the version of the command.')
    .action(async (_flags: object, command: Command) => {
      const document = { version };
      const { terminal, output } = cli.session(command);
      await print(terminal, output, { document, names: [version], table: () => `simfleet ${version}\n` });
      cli.end('ok');
    });
