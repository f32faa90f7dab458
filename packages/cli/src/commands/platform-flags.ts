import type { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import { wholeNumber } from './flags.ts';

/** Options that the commands which start processes of the platform share. */
export interface PlatformFlags {
  readonly port?: number;
  readonly socketsPort?: number;
  readonly host?: string;
  readonly storage?: string;
  readonly storageFile?: string;
  readonly bus?: string;
  readonly busFile?: string;
  readonly verbose: boolean;
}

/** What a process of the platform is given. */
export interface PlatformArguments {
  readonly flags: readonly string[];
  /** Set, or taken away where undefined: a process shows its arguments to everyone on the machine, its variables to its user only. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export const withPlatformFlags = (command: Command): Command =>
  command
    .option('--port <n>', 'port to listen on, 0 for a free one (default: 8080)', wholeNumber(0))
    .option(
      '--sockets-port <n>',
      'port of WebSockets, 0 for a free one (default: the one after --port)',
      wholeNumber(0),
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--storage <url>', 'sqlite:, sqlite:<file>, memory:, postgres://… or mongodb://… (default: sqlite:)')
    .option('--storage-file <file>', 'file that holds the URL of the store, which others see on a command line')
    .option('--bus <url>', 'memory: or nats://… (default: memory:)')
    .option('--bus-file <file>', 'file that holds the URL of the bus');

/** Throws `invalid-request` when a URL is given twice. */
export const platformArguments = (given: PlatformFlags): PlatformArguments => {
  const variables: Record<string, string | undefined> = {};
  const flags: string[] = [];
  for (const [name, url, file] of [
    ['storage', given.storage, given.storageFile],
    ['bus', given.bus, given.busFile],
  ] as const) {
    if (url !== undefined && file !== undefined)
      throw new SimfleetError('invalid-request', `give --${name} or --${name}-file, not both`);
    const variable = `SIMFLEET_${name.toUpperCase()}`;
    if (url !== undefined) Object.assign(variables, { [variable]: url, [`${variable}_FILE`]: undefined });
    if (file !== undefined) flags.push(`--${name}-file`, file);
  }
  if (given.port !== undefined) flags.push('--port', String(given.port));
  if (given.socketsPort !== undefined) flags.push('--sockets-port', String(given.socketsPort));
  if (given.host !== undefined) flags.push('--host', given.host);
  return { flags, variables };
};
