import { Command } from 'commander';
import type { Option } from 'commander';
import { applyCommand } from './commands/apply.ts';
import { backupCommand } from './commands/backup.ts';
import { completionCommand } from './commands/completion.ts';
import { deleteCommand } from './commands/delete.ts';
import { describeCommand } from './commands/describe.ts';
import { estimateCommand } from './commands/estimate.ts';
import { extendCommand } from './commands/extend.ts';
import { eventsCommand } from './commands/events.ts';
import { examples } from './commands/flags.ts';
import { getCommand } from './commands/get.ts';
import { helpCommand } from './commands/help.ts';
import { loginCommand } from './commands/login.ts';
import { logsCommand } from './commands/logs.ts';
import { primesCommand } from './commands/primes.ts';
import { restoreCommand } from './commands/restore.ts';
import { resultCommand } from './commands/result.ts';
import { rotateCursorKeyCommand } from './commands/rotate-cursor-key.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { steerCommands } from './commands/steer.ts';
import { upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';
import { watchCommand } from './commands/watch.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitName } from './exit-codes.ts';
import { tellFailure } from './failure.ts';
import { openSession } from './session.ts';
import type { Cli } from './session.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

const inGroup = (heading: string, commands: readonly Command[]): readonly Command[] =>
  commands.map((command) => command.helpGroup(heading));

const commandsOf = (cli: Cli, program: Command): readonly Command[] => [
  ...inGroup('Platform:', [
    upCommand(cli),
    serveCommand(cli),
    loginCommand(cli),
    rotateCursorKeyCommand(cli),
    backupCommand(cli),
    restoreCommand(cli),
    eventsCommand(cli),
  ]),
  ...inGroup('Run jobs:', [runCommand(cli), applyCommand(cli), estimateCommand(cli)]),
  ...inGroup('Look:', [getCommand(cli), describeCommand(cli), watchCommand(cli), logsCommand(cli), resultCommand(cli)]),
  ...inGroup('Steer:', [...steerCommands(cli), extendCommand(cli), deleteCommand(cli)]),
  ...inGroup('Other:', [
    primesCommand(cli),
    completionCommand(cli, program),
    versionCommand(cli),
    helpCommand(cli, program),
  ]),
];

/** The program with all its commands. Nothing happens until it parses. */
export const createProgram = (cli: Cli): Command => {
  const program = new Command('simfleet')
    .description('Quantitative simulations as a service: reproducible, precise, live.')
    .version(version, '-V, --version', 'print the version')
    .option('-o, --output <form>', 'table, json, yaml or name (default: table)')
    .option('-c, --customer <id>', 'whose jobs (default: default)')
    .option('--url <address>', 'platform to talk to (default: the one of the data directory)')
    .option('--data-dir <path>', 'data directory of the platform on this machine (default: .simfleet)')
    .addHelpText(
      'after',
      examples(
        'simfleet run -f examples/asian-option.yaml --embedded    # no platform needed',
        'simfleet up                                              # one that stays, in another terminal',
        'simfleet apply -f examples/asian-option.yaml && simfleet watch asian-call',
        'simfleet help exit-codes',
      ),
    )
    .helpCommand(false);
  for (const command of commandsOf(cli, program)) program.addCommand(command);
  return program;
};

/** That a switch is off unless given need not be said. */
const optionDescription = ({ description, defaultValue }: Option): string =>
  typeof defaultValue === 'number' ? `${description} (default: ${defaultValue})` : description;

/** Every command throws instead of ending the process, writes where it is told, and shows the shared options in its help. */
const settle = (
  command: Command,
  write: { out: (text: string) => void; err: (text: string) => void },
  columns: number,
): void => {
  command.exitOverride();
  command.configureOutput({
    writeOut: write.out,
    writeErr: write.err,
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
  });
  command.helpOption('-h, --help', 'explain the command');
  command.configureHelp({ showGlobalOptions: true, optionDescription });
  command.showSuggestionAfterError(true);
  for (const inner of command.commands) settle(inner, write, columns);
};

/**
 * Runs one command line (without the program's name) and answers its exit code.
 * Everything it says goes through the terminal; it never throws.
 */
export const runCommandLine = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  let exit: ExitName = 'ok';
  const cli: Cli = {
    terminal,
    session: (command) => openSession(terminal, command.optsWithGlobals()),
    end: (name) => {
      exit = name;
    },
  };
  const written: Promise<void>[] = [];
  const program = createProgram(cli);
  const write = {
    out: (text: string) => void written.push(terminal.stdout.write(text)),
    err: (text: string) => void written.push(terminal.stderr.write(text)),
  };
  settle(program, write, Math.min(100, terminal.stdout.columns()));
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    exit = await tellFailure(terminal, error).catch((): ExitName => 'failed');
  }
  await Promise.allSettled(written);
  return exitCodes[exit].code;
};
