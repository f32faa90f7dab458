import { resolve } from 'node:path';
import { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import { didYouMean } from '../did-you-mean.ts';
import type { ExitName } from '../exit-codes.ts';
import { logWriter } from '../platform/private-platform.ts';
import { servedModules } from '../platform/served-modules.ts';
import { startPlatform } from '../platform/start.ts';
import type { Cli, Session } from '../session.ts';
import { examples } from './flags.ts';
import { platformArguments, withPlatformFlags } from './platform-flags.ts';
import type { PlatformFlags } from './platform-flags.ts';

interface ServeFlags extends PlatformFlags {
  readonly adminTokenFile?: string;
  readonly cursorKeyFile?: string;
  readonly apiUrl?: string;
  readonly printReady: boolean;
}

/** Services, and behind `--` options of the platform. */
const split = (
  words: readonly string[],
): { readonly services: readonly string[]; readonly rest: readonly string[] } => {
  const end = words.findIndex((word) => word.startsWith('-'));
  const services = end < 0 ? words : words.slice(0, end);
  const known: readonly string[] = servedModules;
  const unknown = services.find((service) => !known.includes(service));
  if (unknown !== undefined)
    throw new SimfleetError(
      'invalid-request',
      `there is no service "${unknown}" to run${didYouMean(unknown, known)}: choose of ${known.join(', ')}`,
    );
  return { services: services.length === 0 ? servedModules : services, rest: end < 0 ? [] : words.slice(end) };
};

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });

const serve = async (session: Session, words: readonly string[], given: ServeFlags): Promise<ExitName> => {
  const { terminal } = session;
  const { services, rest } = split(words);
  const { flags, variables } = platformArguments(given);
  const named = (flag: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`--${flag}`, value];
  const dataDir = resolve(terminal.cwd, session.dataDir);
  const platform = await startPlatform({
    ...{ terminal, dataDir, variables },
    flags: [
      ...['--target', services.join(','), ...flags],
      ...named('admin-token-file', given.adminTokenFile),
      ...named('cursor-key-file', given.cursorKeyFile),
      ...named('api-url', given.apiUrl),
      ...rest,
    ],
    onLogLine: logWriter(terminal, given.verbose),
  });
  try {
    const { url, pid } = platform;
    if (given.printReady) await terminal.stdout.write(`${JSON.stringify({ url, pid })}\n`);
    else await terminal.stderr.write(`${services.join(' and ')} at ${url}, process ${pid}. Stop with ctrl-C.\n`);
    const over = new AbortController();
    void platform.ended.then((error) => over.abort(error));
    await ended(AbortSignal.any([terminal.interrupted, over.signal]));
    if (!terminal.interrupted.aborted) throw over.signal.reason;
    return 'ok';
  } finally {
    await platform.stop();
  }
};

export const serveCommand = (cli: Cli): Command =>
  withPlatformFlags(new Command('serve'))
    .summary('run services of the platform as a process of their own')
    .description(
      'Run services as one process of several on a store and a bus that all share: any number of jobs behind a load balancer, and ' +
        'executors of which one is active while the others stand by. Without a name: all services. Ctrl-C or SIGTERM stops without a ' +
        'failed request: /readyz turns false, a moment later no connection is taken, live streams end and resume elsewhere, leases are given up. ' +
        'Further options of the platform go behind --.',
    )
    .argument('[services...]', `of ${servedModules.join(', ')}`)
    .option(
      '--admin-token-file <file>',
      'the administrator’s token, the same for all replicas; made when it is not there',
    )
    .option('--cursor-key-file <file>', 'keys of list cursors, the same for all replicas; made when it is not there')
    .option('--api-url <address>', 'where shards of the executor report to: the load balancer in front of jobs')
    .option('--print-ready', 'one line of JSON with url and pid on standard output once ready', false)
    .option('--verbose', 'all of the log, not only warnings', false)
    .addHelpText(
      'after',
      examples(
        'export SIMFLEET_STORAGE_FILE=/etc/simfleet/storage    # postgres://simfleet:…@db.example.com/simfleet?sslmode=verify-full',
        'export SIMFLEET_BUS_FILE=/etc/simfleet/bus            # tls://simfleet:…@nats.example.com:4222',
        'export SIMFLEET_ADMIN_TOKEN_FILE=/etc/simfleet/admin-token SIMFLEET_CURSOR_KEY_FILE=/etc/simfleet/cursor-key',
        'simfleet serve jobs --port 8081 --sockets-port 8181   # and another with 8082 and 8182 …',
        'simfleet serve local-executor --port 8091 --data-dir /var/lib/simfleet/1 --api-url https://simfleet.example.com',
      ),
    )
    .action(async (words: readonly string[], flags: ServeFlags, command: Command) =>
      cli.end(await serve(cli.session(command), words, flags)),
    );
