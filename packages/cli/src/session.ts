import type { Command } from 'commander';
import { name as nameSchema, SimfleetError } from '@simfleet/contracts';
import { createClient } from './connection/client.ts';
import type { Client } from './connection/client.ts';
import { addressFinder } from './connection/find-platform.ts';
import type { FindAddress } from './connection/find-platform.ts';
import type { ExitName } from './exit-codes.ts';
import { outputFormat } from './output/format.ts';
import type { OutputFormat } from './output/format.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with: the options that all share, and the platform that they choose. */
export interface Session {
  readonly terminal: Terminal;
  readonly client: Client;
  readonly customer: string;
  readonly output: OutputFormat;
  readonly url: string | undefined;
  readonly dataDir: string;
}

/** The options of the program itself. */
interface SharedFlags {
  readonly url?: string;
  readonly dataDir?: string;
  readonly customer?: string;
  readonly output?: string;
}

/** Handed to the commands when they are declared. */
export interface Cli {
  readonly terminal: Terminal;
  session(command: Command): Session;
  /** How the command ends; the last word counts. */
  end(exit: ExitName): void;
}

/** A flag wins over its variable, the variable over the default; the origin is for the error. */
const chosen = (
  terminal: Terminal,
  flag: string | undefined,
  flagName: string,
  variable: string,
): [string | undefined, string] => {
  if (flag !== undefined) return [flag, flagName];
  const value = terminal.env[variable];
  return [value === '' ? undefined : value, variable];
};

/** Throws `invalid-request` that names the flag or variable. */
export const openSession = (terminal: Terminal, flags: SharedFlags): Session => {
  const [url] = chosen(terminal, flags.url, '--url', 'SIMFLEET_URL');
  const [dataDir = '.simfleet'] = chosen(terminal, flags.dataDir, '--data-dir', 'SIMFLEET_DATA_DIR');
  const [customer = 'default', customerOrigin] = chosen(terminal, flags.customer, '--customer', 'SIMFLEET_CUSTOMER');
  const [output = 'table', outputOrigin] = chosen(terminal, flags.output, '--output', 'SIMFLEET_OUTPUT');
  const customerCheck = nameSchema.safeParse(customer);
  if (!customerCheck.success)
    throw new SimfleetError(
      'invalid-request',
      `${customerOrigin}: ${customerCheck.error.issues[0]?.message ?? 'is no name'}`,
    );
  // A data directory that was chosen on the command line means the local platform, whatever the variables say.
  const local = flags.dataDir !== undefined && flags.url === undefined;
  const choice = { url: local ? undefined : url, dataDir };
  return {
    terminal,
    client: createClient(terminal, addressFinder(terminal, choice)),
    customer,
    output: outputFormat(output, outputOrigin),
    ...choice,
  };
};

/** The same session against another platform: one that the command has started. */
export const sessionWith = (session: Session, find: FindAddress): Session => ({
  ...session,
  client: createClient(session.terminal, find),
});
