import { uwsSocketServers, type Uws } from '../../src/uws/index.ts';
import type { CreateSocketServer } from '../../src/server.ts';

/** Serves what `serve` serves on uWebSockets.js, tells where as a line of JSON, until the standard input ends. */
export const serveChild = async <Options, Address extends { readonly stop: () => Promise<void> }>(
  serve: (create: CreateSocketServer, options: Options) => Promise<Address>,
): Promise<void> => {
  const [module = '', options = '{}'] = process.argv.slice(2);
  const { default: uws } = (await import(module)) as { readonly default: Uws };
  const { stop, ...address } = await serve(uwsSocketServers(uws), JSON.parse(options) as Options);
  console.log(JSON.stringify(address));
  process.stdin.resume();
  process.stdin.on('end', () => void stop().then(() => process.exit(0)));
};
