import { Argument, Command } from 'commander';
import { completionScript } from '../completion/scripts.ts';
import { completedCommands, shells } from '../completion/words.ts';
import type { Shell } from '../completion/words.ts';
import type { Cli } from '../session.ts';
import { examples } from './flags.ts';
import { topics } from './help.ts';

export const completionCommand = (cli: Cli, program: Command): Command =>
  new Command('completion')
    .summary('print a completion script for a shell')
    .description('Print a completion script: commands, options, files, and the names of jobs.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      examples(
        'source <(simfleet completion bash)',
        'simfleet completion zsh > "${fpath[1]}/_simfleet"',
        'simfleet completion fish > ~/.config/fish/completions/simfleet.fish',
      ),
    )
    .action(async (shell: Shell) => {
      const offer = { commands: completedCommands(program), topics: Object.keys(topics) };
      await cli.terminal.stdout.write(completionScript(shell, offer));
      cli.end('ok');
    });
