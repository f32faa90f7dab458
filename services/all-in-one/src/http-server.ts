import { SimfleetError } from '@simfleet/contracts';
import { createHttpServer, createIdempotencyStore, fileAuthorizer, idempotencyCollection } from '@simfleet/http';
import type { Authorizer, IdempotencyRecord, IdempotencyStore, RequestLimits, Route } from '@simfleet/http';
import type { Clock, Module, Readiness, TlsFiles } from '@simfleet/runtime';
import type { Assembly } from './assembly.ts';
import type { PlatformOptions } from './config.ts';

const description = 'Quantitative simulations as a service: reproducible, precise, live.';

interface HttpAssembly extends Assembly {
  /** Of the services in this process. Without any there are health, metrics and their description. */
  readonly routes: readonly Route[];
  readonly readiness: Readiness;
  readonly version: string;
  /** Null: nothing is limited. */
  readonly requestLimits: RequestLimits | null;
}

export interface StartableHttp {
  readonly start: Module['start'];
  /** Where it listens, once it has started. */
  readonly url: () => string;
  /** Who callers are; throws `unavailable` until it has started. */
  readonly authorizer: () => Authorizer;
}

/** The HTTP server of the process. */
export const httpServer = (assembly: HttpAssembly): StartableHttp => {
  const { configuration, keyFiles, routes, readiness, version, requestLimits } = assembly;
  let address = '';
  let authorizer: Authorizer | null = null;
  const start: Module['start'] = async ({ clock, logger, metrics, tracing }) => {
    const { operatorTokenFile } = configuration.platform;
    const tls = tlsFilesOf(configuration.platform);
    const following = new AbortController();
    authorizer = await fileAuthorizer({
      files: { administrator: keyFiles.adminToken, operator: operatorTokenFile },
      ...{ clock, logger, signal: following.signal },
    });
    const server = createHttpServer({
      ...{ routes, logger, clock, metrics, tracing },
      info: { title: 'Simfleet', version, description },
      authorizer,
      ...(tls === undefined ? {} : { tls }),
      ...(requestLimits === null ? {} : { requestLimits }),
      readiness: () => readiness.check(),
      idempotency: routes.length === 0 ? null : await idempotencyStore(assembly, clock),
    });
    const { host, port } = configuration.platform;
    address = (await server.start({ host, port })).url;
    return {
      stop() {
        following.abort();
        return server.stop();
      },
    };
  };
  const started = (): Authorizer => {
    if (authorizer === null) throw new SimfleetError('unavailable', 'the platform is starting');
    return authorizer;
  };
  return { start, url: () => address, authorizer: started };
};

/** Throws `invalid-configuration` when one of both files is named alone. */
export const tlsFilesOf = ({ tlsCertFile, tlsKeyFile }: PlatformOptions): TlsFiles | undefined => {
  if (tlsCertFile !== undefined && tlsKeyFile !== undefined) return { certFile: tlsCertFile, keyFile: tlsKeyFile };
  if (tlsCertFile === tlsKeyFile) return undefined;
  throw new SimfleetError('invalid-configuration', 'give both --tls-cert-file and --tls-key-file, or neither');
};

const idempotencyStore = async ({ storage, leases }: Assembly, clock: Clock): Promise<IdempotencyStore> => {
  const collection = await storage.collection<IdempotencyRecord>(idempotencyCollection);
  return createIdempotencyStore({ collection, clock, owner: leases.memberId, isAlive: leases.isAlive });
};
