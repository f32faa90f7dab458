import { readFileSync, writeSync } from 'node:fs';
import { errorCode } from '@simfleet/contracts';
import { z } from 'zod';
import { helpOf } from './configuration/help.ts';
import { loadConfiguration } from './configuration/load.ts';
import type { ConfigurationValues } from './configuration/load.ts';
import type { ConfigurationParts } from './configuration/option.ts';
import { createLogger, logLevels } from './logger.ts';
import type { Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import type { RuntimeContext } from './module.ts';
import { systemClock } from './system-clock.ts';
import { createTracing } from './tracing.ts';

/** Options of every process. */
export const processOptions = z.object({
  logLevel: z.enum(logLevels).default('info').describe('Least severe entries that are logged.'),
  logPretty: z.boolean().default(false).describe('One readable line per entry instead of JSON.'),
});

/** Exit codes of a process: what a supervisor or a person sees. */
export const processExit = {
  ended: 0,
  failed: 1,
  invalidConfiguration: 2,
  dataDirectoryHeld: 3,
  portInUse: 4,
} as const;

export interface MainContext<Parts extends ConfigurationParts> {
  readonly configuration: ConfigurationValues<Parts>;
  readonly runtime: RuntimeContext;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output, which carries nothing else. */
  print(text: string): void;
  /** Ends the process as SIGTERM would: stop in order, then exit 0. */
  stop(): void;
}

export interface MainOptions<Parts extends ConfigurationParts> {
  readonly name: string;
  /** What the process is for, for `--help`. */
  readonly purpose: string;
  readonly options: Parts;
  /** `SIMFLEET_…` variables that are not this process's options, and no mistake. */
  readonly otherVariables?: readonly string[];
  /** Starts the work; what comes back is stopped on SIGTERM and SIGINT. */
  start(context: MainContext<Parts>): Promise<{ stop(): Promise<void> }>;
}

/**
 * The frame of a process: reads the configuration, starts, and on SIGTERM or SIGINT stops in order and exits 0; a second signal exits at
 * once with 128 + its number. An error that nobody caught is logged and ends the process with 1, since its state is unknown.
 * `--help` prints every option and starts nothing. Standard output stays free for the program; logs and errors go to standard error.
 */
export const runMain = async <Parts extends ConfigurationParts>(main: MainOptions<Parts>): Promise<void> => {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    writeSync(process.stdout.fd, helpOf(main.name, main.purpose, { ...main.options, process: processOptions }));
    return;
  }
  const setup = configured(main);
  if (setup === undefined) return;
  const { values, logger } = setup;
  const stopping = new AbortController();
  const asked = Promise.withResolvers<void>();
  const askToStop = (): void => {
    stopping.abort();
    asked.resolve();
  };
  onSignals(logger, stopping.signal, askToStop);
  onFaults(logger);
  // Holds the process while it waits: clock timers do not.
  const hold = setInterval(() => undefined, 2 ** 30);
  try {
    const metrics = createMetrics({ process: true });
    const running = await main.start({
      configuration: values,
      runtime: { logger, clock: systemClock, metrics, tracing: createTracing(), signal: stopping.signal },
      environment: process.env,
      print: (text) => writeSync(process.stdout.fd, text),
      stop: askToStop,
    });
    await asked.promise;
    await running.stop();
    process.exitCode = processExit.ended;
  } catch (error) {
    process.exitCode = stopping.signal.aborted ? processExit.ended : failed(main.name, logger, error);
  } finally {
    clearInterval(hold);
  }
  // What a module left open must not keep a stopped process alive.
  process.exit();
};

const configured = <Parts extends ConfigurationParts>(
  main: MainOptions<Parts>,
): { readonly values: ConfigurationValues<Parts>; readonly logger: Logger } | undefined => {
  try {
    const sources = {
      flags: process.argv.slice(2),
      environment: process.env,
      readFile: (path: string) => readFileSync(path, 'utf8'),
      ...(main.otherVariables === undefined ? {} : { otherVariables: main.otherVariables }),
    };
    const { values, warnings } = loadConfiguration({ ...main.options, process: processOptions }, sources);
    const { logLevel, logPretty } = (values as ConfigurationValues<{ process: typeof processOptions }>).process;
    const logger = createLogger({ level: logLevel, pretty: logPretty, destination: standardError });
    for (const { path, message, explain } of warnings) logger.warn({ path, explain }, message);
    return { values, logger };
  } catch (error) {
    process.exitCode = failed(main.name, undefined, error);
    return undefined;
  }
};

/** Synchronous, so that the last entry before an exit is there; a reader that has gone away is no reason to fail. */
const standardError = {
  write(line: string): void {
    try {
      writeSync(process.stderr.fd, line);
    } catch {
      return;
    }
  },
};

const exitOf: Readonly<Partial<Record<string, number>>> = {
  'invalid-configuration': processExit.invalidConfiguration,
  'data-directory-held': processExit.dataDirectoryHeld,
  'port-in-use': processExit.portInUse,
};

/** Says why on standard error and answers the exit code. */
const failed = (name: string, logger: Logger | undefined, error: unknown): number => {
  const code = errorCode(error);
  if (code === undefined || code === 'internal') {
    if (logger === undefined) standardError.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
    else logger.fatal({ err: error }, 'failed');
  } else {
    const { detail } = error as { readonly detail?: unknown };
    standardError.write(`${name}: ${code}: ${String(detail)}\n`);
  }
  return exitOf[code ?? ''] ?? processExit.failed;
};

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

const onSignals = (logger: Logger, stopping: AbortSignal, askToStop: () => void): void => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping.aborted) process.exit(128 + signalNumbers[signal]);
      logger.info({ signal }, 'stopping');
      askToStop();
    });
  }
};

const onFaults = (logger: Logger): void => {
  const fatal = (error: unknown, origin: string): void => {
    logger.fatal({ err: error, origin }, 'an error that nobody caught ends the process');
    process.exit(processExit.failed);
  };
  process.on('uncaughtException', (error, origin) => fatal(error, origin));
  process.on('unhandledRejection', (error) => fatal(error, 'unhandledRejection'));
};
