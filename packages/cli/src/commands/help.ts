import { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import { didYouMean } from '../did-you-mean.ts';
import { variables } from '../environment.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitName } from '../exit-codes.ts';
import { table } from '../output/table.ts';
import type { Cli } from '../session.ts';

/** Texts that belong to no single command. */
export const topics: Readonly<Record<string, () => string>> = {
  'exit-codes': () =>
    table(
      ['CODE', 'MEANING'],
      Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]),
      { right: [0] },
    ),
  environment: () => table(['VARIABLE', 'MEANING'], Object.entries(variables)),
};

const help = async ({ terminal }: Cli, program: Command, topic: string | undefined): Promise<ExitName> => {
  const command = topic === undefined ? program : program.commands.find((each) => each.name() === topic);
  const text = command?.helpInformation() ?? topics[topic ?? '']?.();
  if (text === undefined) {
    const known = [...program.commands.map((each) => each.name()), ...Object.keys(topics)];
    throw new SimfleetError('invalid-request', `there is no help on "${topic}"${didYouMean(topic ?? '', known)}`);
  }
  if (command === undefined) await terminal.stdout.write(text);
  else command.outputHelp();
  return 'ok';
};

export const helpCommand = (cli: Cli, program: Command): Command =>
  new Command('help')
    .summary(`explain a command, or: ${Object.keys(topics).join(', ')}`)
    .description('Explain a command, the exit codes or the environment variables.')
    .argument('[topic]', `a command, or ${Object.keys(topics).join(', ')}`)
    .action(async (topic: string | undefined) => cli.end(await help(cli, program, topic)));
