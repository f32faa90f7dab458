import { Command } from 'commander';
import type { JobResult } from '@simfleet/contracts';
import { exitForResult } from '../exit-codes.ts';
import type { ExitName } from '../exit-codes.ts';
import { withPrivatePlatform } from '../platform/private-platform.ts';
import { sessionWith } from '../session.ts';
import type { Cli, Session } from '../session.ts';
import { printResult } from '../watch/watch-job.ts';
import { examples, failOnThresholdOption, fileOption, quietOption } from './flags.ts';
import { loadRunPlan, runPlan } from './run-manifest.ts';
import type { RunPlan } from './run-manifest.ts';

interface RunFlags {
  readonly file: readonly string[];
  readonly embedded: boolean;
  readonly quiet: boolean;
  readonly failOnThreshold: boolean;
}

const runEmbedded = (session: Session, plan: RunPlan, { quiet }: RunFlags): Promise<JobResult> =>
  withPrivatePlatform(session.terminal, (find, ended) =>
    runPlan(sessionWith(session, find), plan, { quiet, embedded: true, signal: ended }),
  );

const run = async (session: Session, flags: RunFlags): Promise<ExitName> => {
  const plan = await loadRunPlan(session.terminal, flags.file);
  const result = flags.embedded
    ? await runEmbedded(session, plan, flags)
    : await runPlan(session, plan, { quiet: flags.quiet, embedded: false });
  await printResult(session, result);
  return exitForResult(result, flags.failOnThreshold);
};

export const runCommand = (cli: Cli): Command =>
  new Command('run')
    .summary('run a job from a manifest and print its result')
    .description(
      'Create the job of a manifest, follow it, and print its result. Progress goes to standard error. ' +
        'A job of that name that still runs is brought up to date and followed; when it is over, a new job is made under ' +
        'a generated suffix. ctrl-C asks whether to cancel the job; without a terminal it leaves the job running.',
    )
    .addOption(fileOption())
    .option('--embedded', 'start a private platform for this job alone, and remove it afterwards', false)
    .addOption(quietOption())
    .addOption(failOnThresholdOption())
    .addHelpText(
      'after',
      examples(
        'simfleet run -f examples/asian-option.yaml --embedded',
        'simfleet run -f examples/asian-option.yaml -o json > result.json',
        'simfleet run -f examples/threshold.yaml --fail-on-threshold || echo crossed',
      ),
    )
    .action(async (flags: RunFlags, command: Command) => cli.end(await run(cli.session(command), flags)));
