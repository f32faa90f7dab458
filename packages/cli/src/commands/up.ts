import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { exitForResult } from '../exit-codes.ts';
import type { ExitName } from '../exit-codes.ts';
import { tellFailure } from '../failure.ts';
import { addressOfStarted, logWriter } from '../platform/private-platform.ts';
import { startPlatform } from '../platform/start.ts';
import type { StartedPlatform } from '../platform/start.ts';
import { sessionWith } from '../session.ts';
import type { Cli, Session } from '../session.ts';
import { printResult } from '../watch/watch-job.ts';
import { examples, several } from './flags.ts';
import { platformArguments, withPlatformFlags } from './platform-flags.ts';
import type { PlatformFlags } from './platform-flags.ts';
import { loadRunPlan, runPlan } from './run-manifest.ts';
import type { RunPlan } from './run-manifest.ts';

interface UpFlags extends PlatformFlags {
  readonly run?: readonly string[];
}

const welcome = (session: Session, { url }: StartedPlatform, dataDir: string): string => {
  const { cwd } = session.terminal;
  const shown = (path: string): string => relative(cwd, path) || '.';
  const token = shown(join(dataDir, 'admin-token'));
  return [
    `Simfleet is up at ${url}, its data in ${shown(dataDir)}.`,
    `The administrator's token is in ${token}, readable by you only. Try:`,
    '',
    `  curl -H "Authorization: Bearer $(cat ${token})" ${url}/v1/services`,
    `  npx simfleet run -f examples/asian-option.yaml`,
    '',
    `API reference: ${url}/docs. Stop with ctrl-C.`,
    '',
  ].join('\n');
};

const tellReady = (session: Session, platform: StartedPlatform, dataDir: string): Promise<void> => {
  const { terminal, output } = session;
  const { url, pid } = platform;
  // With --run standard output belongs to the result.
  if (output === 'json') return terminal.stderr.write(`${JSON.stringify({ url, pid, dataDir })}\n`);
  return terminal.stderr.write(`${welcome(session, platform, dataDir)}\n`);
};

/** The job's fault is told, and leaves the platform up. */
const runOn = async (session: Session, plan: RunPlan, over: AbortSignal): Promise<ExitName> => {
  try {
    const result = await runPlan(session, plan, { quiet: false, embedded: true, signal: over });
    await printResult(session, result);
    await session.terminal.stderr.write('\nThe platform stays up. Stop it with ctrl-C.\n');
    return exitForResult(result, false);
  } catch (error) {
    // Both are told by whoever waits for them.
    if (over.aborted || session.terminal.interrupted.aborted) return 'interrupted';
    return tellFailure(session.terminal, error);
  }
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });

/** Until ctrl-C, which is how it is meant to end; throws what the platform said when it ends by itself. */
const stayUp = async (
  session: Session,
  platform: StartedPlatform,
  dataDir: string,
  plan: RunPlan | undefined,
): Promise<ExitName> => {
  const { interrupted } = session.terminal;
  const over = new AbortController();
  void platform.ended.then((error) => over.abort(error));
  await tellReady(session, platform, dataDir);
  const own = sessionWith(session, addressOfStarted(dataDir, platform));
  const exit = plan === undefined ? 'ok' : await runOn(own, plan, over.signal);
  await aborted(AbortSignal.any([interrupted, over.signal]));
  if (!interrupted.aborted) throw over.signal.reason;
  await session.terminal.stderr.write('stopping …\n');
  return exit;
};

const up = async (session: Session, flags: UpFlags, rest: readonly string[]): Promise<ExitName> => {
  const { terminal } = session;
  const given = platformArguments(flags);
  const plan = flags.run === undefined ? undefined : await loadRunPlan(terminal, flags.run);
  const dataDir = resolve(terminal.cwd, session.dataDir);
  const platform = await startPlatform({
    ...{ terminal, dataDir, variables: given.variables },
    flags: [...given.flags, ...rest],
    onLogLine: logWriter(terminal, flags.verbose),
  });
  try {
    return await stayUp(session, platform, dataDir, plan);
  } finally {
    await platform.stop();
  }
};

export const upCommand = (cli: Cli): Command =>
  withPlatformFlags(new Command('up'))
    .summary('start the platform on this machine')
    .description(
      'Start the platform on this machine and keep it up until ctrl-C. Its data stays in the data directory; jobs that were ' +
        'running go on at the next start. Further options of the platform go behind --.',
    )
    .argument('[options...]', 'options of the platform, behind --')
    .addOption(
      new Option('--run <file>', 'run the job of this manifest as soon as the platform is up, and stay up').argParser(
        several,
      ),
    )
    .option('--verbose', 'all of the platform’s log, not only warnings', false)
    .addHelpText(
      'after',
      examples(
        'simfleet up',
        'simfleet up --data-dir /var/lib/simfleet --port 9000',
        'simfleet up --storage-file /etc/simfleet/storage    # that holds postgres://… or mongodb://…',
        'simfleet up --run examples/european-option.yaml',
        'simfleet up -- --executor-slots 2 --log-level debug',
      ),
    )
    .action(async (rest: readonly string[], flags: UpFlags, command: Command) =>
      cli.end(await up(cli.session(command), flags, rest)),
    );
