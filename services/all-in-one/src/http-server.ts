import { SimfleetError } from '@simfleet/contracts';
import {
  createHttpServer,
  createIdempotencyStore,
  fileAuthorizer,
  idempotencyCollection,
  openTokenWatch,
} from '@simfleet/http';
import type { Authorizer, IdempotencyRecord, IdempotencyStore, RequestLimits, Route, TokenWatch } from '@simfleet/http';
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

/** Who callers are, and who is one no more: the same for all that the process serves. */
export interface PlatformAccess {
  readonly authorizer: Authorizer;
  readonly tokenWatch: TokenWatch;
}

export interface StartableHttp {
  readonly start: Module['start'];
  /** Where it listens, once it has started. */
  readonly url: () => string;
  /** Throws `unavailable` until it has started. */
  readonly access: () => PlatformAccess;
}

/** The HTTP server of the process. */
export const httpServer = (assembly: HttpAssembly): StartableHttp => {
  const { configuration, keyFiles, routes, readiness, version, requestLimits } = assembly;
  let address = '';
  let access: PlatformAccess | null = null;
  const start: Module['start'] = async ({ clock, logger, metrics, tracing }) => {
    const { operatorTokenFile } = configuration.platform;
    const tls = tlsFilesOf(configuration.platform);
    const following = new AbortController();
    const authorizer = await fileAuthorizer({
      files: { administrator: keyFiles.adminToken, operator: operatorTokenFile },
      ...{ clock, logger, signal: following.signal },
    });
    access = { authorizer, tokenWatch: openTokenWatch({ authorizer, clock, logger }) };
    const server = createHttpServer({
      ...{ routes, logger, clock, metrics, tracing },
      info: { title: 'Simfleet', version, description },
      ...access,
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
  const started = (): PlatformAccess => {
    if (access === null) throw new SimfleetError('unavailable', 'the platform is starting');
    return access;
  };
  return { start, url: () => address, access: started };
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
