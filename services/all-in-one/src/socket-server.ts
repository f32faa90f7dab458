import { SimfleetError, errorCode, socketPath } from '@simfleet/contracts';
import { bearerTokenOf, problemOf } from '@simfleet/http';
import type { RequestLimits } from '@simfleet/http';
import type { JobsModule } from '@simfleet/jobs';
import type { Module } from '@simfleet/runtime';
import { serveProtocol } from '@simfleet/sockets';
import type { SocketAccess, SocketServer } from '@simfleet/sockets';
import { chooseSocketServer } from '@simfleet/wiring';
import type { Assembly } from './assembly.ts';
import type { PlatformOptions } from './config.ts';
import { tlsFilesOf } from './http-server.ts';
import type { PlatformAccess } from './http-server.ts';

/** The server of WebSockets of the process, and where it listens once it has started: null when it is off or not in this process. */
export const socketServer = (
  { configuration, requestLimits }: Pick<Assembly, 'configuration'> & { readonly requestLimits: RequestLimits | null },
  jobs: JobsModule | null,
  access: () => PlatformAccess,
): { readonly start: Module['start']; readonly url: () => string | null } => {
  const { platform } = configuration;
  const { sockets: driver } = platform;
  let address: string | null = null;
  const start: Module['start'] = async ({ clock, logger, metrics }) => {
    if (driver === 'off' || jobs === null) return { stop: async () => undefined };
    const create = await chooseSocketServer(driver, (missing) =>
      logger.info({ missing }, 'uWebSockets.js is not here: WebSockets are served by ws'),
    );
    const opened: { server?: SocketServer } = {};
    const publish = (topic: string, message: string): number => opened.server?.publish(topic, message) ?? 0;
    const { verbs, close } = jobs.openVerbs({ metrics, logger, publish });
    const handlers = serveProtocol({
      ...{ verbs, clock, logger, metrics, describeProblem: problemOf },
      access: accessOf(access()),
      admission: requestLimits,
    });
    const tls = tlsFilesOf(platform);
    const server = create({ handlers, logger, metrics, clock, ...(tls === undefined ? {} : { tls }) });
    opened.server = server;
    const { url } = await server.start({ host: platform.host, port: portOf(platform) }).catch(explain);
    address = `${url}${socketPath}`;
    logger.info({ driver: server.driver, url: address }, 'serving WebSockets');
    return {
      async stop() {
        await server.stop();
        close();
      },
    };
  };
  return { start, url: () => address };
};

/** The next port for a platform at a port of its own, so that two on one machine differ in both. */
const portOf = ({ port, socketsPort }: PlatformOptions): number =>
  socketsPort ?? (port === 0 || port === 65_535 ? 0 : port + 1);

const accessOf = ({ authorizer, tokenWatch }: PlatformAccess): SocketAccess => ({
  tokenOf: bearerTokenOf,
  authenticate: (token) => authorizer.authenticate(token),
  permits: (principal, action, customer) => authorizer.permits(principal, action, customer),
  watch: tokenWatch.watch,
});

/** Which of both ports it is. */
const explain = (error: unknown): never => {
  const code = errorCode(error);
  if (code !== 'port-in-use') throw error;
  const { detail } = error as SimfleetError;
  const hint = 'choose another with --sockets-port (0 takes a free one), or do without by --sockets off';
  throw new SimfleetError(code, `${detail} ${hint}`, { cause: error });
};
