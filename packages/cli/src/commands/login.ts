import { Command } from 'commander';
import { SimfleetError } from '@simfleet/contracts';
import { createClient } from '../connection/client.ts';
import { credentialsFile, storeToken } from '../connection/credentials.ts';
import { checkedToken, isPrivateTransport, platformUrl } from '../connection/find-platform.ts';
import type { ExitName } from '../exit-codes.ts';
import type { Cli, Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { examples } from './flags.ts';

/** No token is longer; more on standard input is a mistake. In bytes. */
const LONGEST_TOKEN = 16 * 1024;

const readPiped = async (terminal: Terminal): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of terminal.stdin.chunks()) {
    size += chunk.length;
    if (size > LONGEST_TOKEN) throw new SimfleetError('invalid-request', 'standard input is too long for a token');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const readToken = async (terminal: Terminal, url: string): Promise<string> => {
  if (!terminal.stdin.isTTY) return checkedToken(await readPiped(terminal), 'standard input');
  const typed = await terminal.stdin.ask(`Token for ${url}: `, { secret: true });
  if (typed === null) throw new SimfleetError('unauthenticated', 'no token was given');
  return checkedToken(typed, 'the token');
};

const login = async ({ terminal, output }: Session, typed: string): Promise<ExitName> => {
  const url = platformUrl(typed);
  if (!isPrivateTransport(url))
    await terminal.stderr.write(`warning: ${url} is not https: the token travels readable\n`);
  const token = await readToken(terminal, url);
  // Kept only if the platform takes it.
  await createClient(terminal, () => Promise.resolve({ url, token })).request('GET', '/v1/services', {
    query: { limit: 1 },
  });
  const file = await storeToken(terminal, url, token);
  const told =
    output === 'name'
      ? `${url}\n`
      : `Logged in to ${url}; the token is in ${file}.\nUse it: export SIMFLEET_URL=${url}\n`;
  await terminal.stdout.write(told);
  return 'ok';
};

const forget = async ({ terminal }: Session, typed: string): Promise<ExitName> => {
  const url = platformUrl(typed);
  await storeToken(terminal, url, null);
  await terminal.stdout.write(`The token for ${url} is no longer in ${credentialsFile(terminal)}.\n`);
  return 'ok';
};

const addressOf = (session: Session, typed: string | undefined): string => {
  const address = typed ?? session.url;
  if (address === undefined)
    throw new SimfleetError('invalid-request', 'which platform? Write `simfleet login https://…`, or set SIMFLEET_URL');
  return address;
};

export const loginCommand = (cli: Cli): Command =>
  new Command('login')
    .summary('keep the token for a platform')
    .description(
      'Ask for the token of a platform (or read it from standard input), try it, and keep it in a file that only you can ' +
        'read. Commands with SIMFLEET_URL set to that platform then use it. The platform of `simfleet up` needs no login.',
    )
    .argument('[address]', 'of the platform; SIMFLEET_URL unless given')
    .option('--forget', 'remove the stored token instead', false)
    .addHelpText(
      'after',
      examples('simfleet login https://simfleet.example.com', 'simfleet login https://simfleet.example.com < token'),
    )
    .action(async (typed: string | undefined, flags: { readonly forget: boolean }, command: Command) => {
      const session = cli.session(command);
      const address = addressOf(session, typed);
      cli.end(flags.forget ? await forget(session, address) : await login(session, address));
    });
