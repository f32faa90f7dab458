// Serves the fixture of the contract suite on uWebSockets.js, until its standard input ends. Bundled for the Node that the native binary is for.
import { serveFixture } from '../../src/contract/fixture.ts';
import type { FixtureOptions } from '../../src/contract/fixture.ts';
import { uwsSocketServers, type Uws } from '../../src/uws/index.ts';

const [module = '', options = '{}'] = process.argv.slice(2);

const main = async (): Promise<void> => {
  const { default: uws } = (await import(module)) as { readonly default: Uws };
  const { url, control, stop } = await serveFixture(uwsSocketServers(uws), JSON.parse(options) as FixtureOptions);
  console.log(JSON.stringify({ url, control }));
  process.stdin.resume();
  process.stdin.on('end', () => void stop().then(() => process.exit(0)));
};

void main();
