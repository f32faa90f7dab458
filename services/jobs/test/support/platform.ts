import { createHash, randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Bus } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { Job, Principal, Problem } from '@simfleet/contracts';
import type { Engine } from '@simfleet/domain';
import {
  tokenAuthorizer,
  createCursorCodec,
  createHttpServer,
  createIdempotencyStore,
  cursorKey,
  idempotencyCollection,
  openRequestLimits,
} from '@simfleet/http';
import type { Authorizer, IdempotencyRecord } from '@simfleet/http';
import { builtInEngines } from '@simfleet/simulation/engines';
import type { LimiterStore } from '@simfleet/rate-limit';
import type { Clock, RuntimeContext } from '@simfleet/runtime';
import { openLeases, startLedRelay } from '@simfleet/storage';
import type { Leases, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { runtimeContext } from '@simfleet/testing';
import { jobsModule } from '../../src/index.ts';
import type { JobsModule, JobsOptions } from '../../src/index.ts';
import type { QuotaSource } from '../../src/quotas/quota-source.ts';
import { smallEngine } from './small-engine.ts';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Platform {
  readonly url: string;
  readonly bus: Bus;
  readonly storage: Storage;
  readonly engines: readonly Engine[];
  call<Body = Problem>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  /** A request whose answer is read by the caller. */
  open(
    path: string,
    init: { readonly signal: AbortSignal; readonly headers: Record<string, string> },
  ): Promise<Response>;
  /** Draws and registers a token as an executor does. */
  tokenFor(jobId: string): Promise<string>;
  stop(): Promise<void>;
}

/** For servers beside that of HTTP. */
export interface Served extends Platform {
  readonly jobs: JobsModule;
  readonly authorizer: Authorizer;
  readonly context: RuntimeContext;
}

export interface PlatformOptions {
  readonly storage?: Storage;
  readonly engines?: readonly Engine[];
  readonly bus?: Bus;
  readonly clock?: Clock;
  /** Of a store that several platforms use; its own unless given. */
  readonly leases?: Leases;
  /** What is kept for how long; everything unless given. */
  readonly options?: JobsOptions;
  /** None unless given. */
  readonly quotas?: QuotaSource;
  /** Where the policies in force are counted; nothing is limited unless given. */
  readonly limiter?: LimiterStore;
  /** Tokens besides the administrator's. */
  readonly users?: Readonly<Record<string, Principal>>;
}

const withUsers = (authorizer: Authorizer, users: Readonly<Record<string, Principal>>): Authorizer => ({
  ...authorizer,
  authenticate: async (token) => users[token ?? ''] ?? authorizer.authenticate(token),
});

export const adminToken = 'administrator-token-of-the-tests';

/** The service on a real HTTP server with the memory bus, as the all-in-one platform puts it together, without executors. */
export const startPlatform = async (test: TestContext, options: PlatformOptions = {}): Promise<Served> => {
  const storage = options.storage ?? openMemoryStorage();
  const engines = options.engines ?? [...builtInEngines(), smallEngine()];
  const context = runtimeContext(options.clock === undefined ? {} : { clock: options.clock });
  const { clock, logger, metrics, tracing } = context;
  const bus = options.bus ?? openMemoryBus({ tracing });
  const leases = options.leases ?? (await openLeases({ storage, clock, logger }));
  const cursors = createCursorCodec({ keys: [cursorKey(1, randomBytes(32))], clock });
  const own = {
    platformVersion: '0.1.0-test',
    slots: 2,
    options: options.options ?? {},
    quotas: options.quotas ?? null,
    limiter: options.limiter ?? null,
  };
  const jobs = jobsModule({ storage, bus, leases, engines, cursors, ...own }, []);
  const running = await jobs.start(context);
  const idempotency = createIdempotencyStore({
    collection: await storage.collection<IdempotencyRecord>(idempotencyCollection),
    ...{ clock, owner: leases.memberId, isAlive: leases.isAlive },
  });
  const authorizer = withUsers(tokenAuthorizer({ administrator: adminToken }), options.users ?? {});
  const { policies, planOf } = jobs.limits;
  const limiting = { policies, planOf, trustedProxies: [], clock, metrics, logger };
  const server = createHttpServer({
    ...(options.limiter === undefined
      ? {}
      : { requestLimits: openRequestLimits({ ...limiting, store: options.limiter }) }),
    routes: jobs.routes,
    info: { title: 'Simfleet', version: '0', description: '' },
    authorizer,
    readiness: async () => ({ ready: true, modules: {} }) as never,
    logger,
    clock,
    metrics,
    tracing,
    idempotency,
  });
  const { url } = await server.start({ host: '127.0.0.1', port: 0 });
  const hints = {
    tell: () => bus.broadcast('outbox.commits', {}),
    listen: (listener: () => void) => bus.listen('outbox.commits', listener),
  };
  const publish: Bus['publish'] = (event) => bus.publish(event);
  const relay = await startLedRelay({ outbox: storage.outbox, publish, hints, leases, clock, logger });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await server.stop();
      await relay.stop();
      await running.stop();
      if (options.leases === undefined) await leases.close();
      if (options.bus === undefined) await bus.close();
      if (options.storage === undefined) await storage.close();
    })());
  test.after(stop);

  const call = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? null : JSON.parse(text)) as Body,
    };
  };

  const open: Platform['open'] = (path, { signal, headers }) =>
    fetch(`${url}${path}`, { signal, headers: { authorization: `Bearer ${adminToken}`, ...headers } });

  const tokenFor = async (jobId: string): Promise<string> => {
    const token = randomBytes(32).toString('base64url');
    const sha256 = createHash('sha256').update(token).digest('hex');
    const { accepted } = await bus.request('jobs.register-token', { jobId, sha256 });
    if (!accepted) throw new Error('the token was not accepted');
    return token;
  };

  return { url, bus, storage, engines, call, open, tokenFor, stop, jobs, authorizer, context };
};

/** Spec of a job of the small engine that ends after some dozens of blocks. */
export const smallSpec = (change: Record<string, unknown> = {}): Record<string, unknown> => ({
  serviceRef: { name: 'small-engine' },
  parameters: { level: 10, spread: 1 },
  seed: '7',
  maxPaths: '3050',
  ...change,
});

/** Creates a job; throws when that is refused. */
export const createJob = async (platform: Platform, spec: Record<string, unknown>, name?: string): Promise<Job> => {
  const { status, body } = await platform.call<Job>('POST', '/v1/jobs', {
    spec,
    ...(name === undefined ? {} : { name }),
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
};
