import { Command } from 'commander';
import { extendJob, SimfleetError } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import { exitForResult } from '../exit-codes.ts';
import type { ExitName } from '../exit-codes.ts';
import { findJob } from '../jobs/find-job.ts';
import { print } from '../output/format.ts';
import { printableJob } from '../output/job.ts';
import type { Cli, Session } from '../session.ts';
import { printResult, watchJob } from '../watch/watch-job.ts';
import { examples, failOnThresholdOption, quietOption } from './flags.ts';

interface ExtendFlags {
  readonly maxPaths?: string;
  readonly relativeError?: string;
  readonly absoluteError?: string;
  readonly watch: boolean;
  readonly quiet: boolean;
  readonly failOnThreshold: boolean;
}

const flagOf: Readonly<Record<string, string>> = {
  maxPaths: '--max-paths',
  relativeError: '--relative-error',
  absoluteError: '--absolute-error',
};

/** Throws `invalid-request` that names the flag. */
const boundsOf = ({ maxPaths, relativeError, absoluteError }: ExtendFlags): object => {
  const given = Object.entries({ maxPaths, relativeError, absoluteError }).filter(([, value]) => value !== undefined);
  if (given.length === 0)
    throw new SimfleetError(
      'invalid-request',
      `needs ${Object.values(flagOf).slice(0, 2).join(', ')} or --absolute-error`,
    );
  const checked = extendJob.safeParse(Object.fromEntries(given));
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map(({ path, message }) => `${flagOf[String(path[0])] ?? 'bounds'}: ${message}`);
  throw new SimfleetError('invalid-request', lines.join('\n'));
};

const extend = async (session: Session, name: string, flags: ExtendFlags): Promise<ExitName> => {
  const { client, customer, terminal, output } = session;
  const body = boundsOf(flags);
  const before = await findJob(client, customer, name);
  const job = (await client.request<Job>('POST', `/v1/jobs/${before.id}:extend`, { body })).body;
  if (flags.watch) {
    const result = await watchJob(session, job, flags);
    await printResult(session, result);
    return exitForResult(result, flags.failOnThreshold);
  }
  await print(terminal, output, { ...printableJob(job), table: () => `job ${job.name} extended (${job.state})\n` });
  return 'ok';
};

export const extendCommand = (cli: Cli): Command =>
  new Command('extend')
    .summary('ask a job for more paths or a tighter interval')
    .description(
      'Ask a job for more paths or a tighter interval, also after its end. What it has computed counts: ' +
        'the result is the same to the last bit as that of a fresh job with the new bounds.',
    )
    .argument('<job>', 'name or id')
    .option('--max-paths <n>', 'new bound on paths, higher than before')
    .option('--relative-error <x>', 'new half-width ÷ |value|, smaller than before')
    .option('--absolute-error <x>', 'new half-width, smaller than before')
    .option('-w, --watch', 'follow it to its new result', false)
    .addOption(quietOption())
    .addOption(failOnThresholdOption())
    .addHelpText(
      'after',
      examples(
        'simfleet extend asian-call --relative-error 0.0005 --watch',
        'simfleet extend asian-call --max-paths 200000000',
      ),
    )
    .action(async (name: string, flags: ExtendFlags, command: Command) =>
      cli.end(await extend(cli.session(command), name, flags)),
    );
