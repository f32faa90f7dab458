// Bundled for the Node that the native binary is for; the module comes as an argument.
import { uwsSocketServers, type Uws } from '@simfleet/sockets/uws';
import { serveOurs } from './ours.ts';

const main = async (): Promise<void> => {
  const { default: uws } = (await import(process.argv[2] ?? '')) as { readonly default: Uws };
  await serveOurs(uwsSocketServers(uws));
};

void main();
