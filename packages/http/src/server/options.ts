import type { Clock, Logger, Metrics, ReadinessReport, TlsFiles, Tracing } from '@simfleet/runtime';
import type { Authorizer } from '../access/authorizer.ts';
import type { TokenWatch } from '../access/token-watch.ts';
import type { IdempotencyStore } from '../idempotency/store.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { Route } from '../routes/route.ts';
import type { StreamLimits } from '../sse/stream-events.ts';

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** Title, version and text of the API's documentation. */
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly authorizer: Authorizer;
  /** Over the tokens of streams: that of the process, where sockets are served too. Its own when left out. */
  readonly tokenWatch?: TokenWatch;
  /** Shown by `/readyz`. */
  readonly readiness: () => Promise<ReadinessReport>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Told the trace of each request, for as long as it runs. */
  readonly tracing: Tracing;
  /** Null: `Idempotency-Key` is checked for its form and otherwise ignored. */
  readonly idempotency: IdempotencyStore | null;
  /** Nothing is limited when left out. */
  readonly requestLimits?: RequestLimits;
  /** Plain HTTP when left out. */
  readonly tls?: TlsFiles;
  readonly limits?: Partial<ServerLimits>;
}

export interface ServerLimits {
  readonly stream: StreamLimits;
  /** Longest time for a request to arrive whole: against clients that send a byte a minute. */
  readonly requestMs: number;
  /** Time that requests under way get at stop. */
  readonly drainMs: number;
}

export interface HttpServer {
  /**
   * Listens; port 0 takes a free one. Answers where. Throws `port-in-use` when another process has the port,
   * `invalid-configuration` when the address is not this machine's or needs rights.
   */
  start(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly url: string; readonly port: number }>;
  /** Takes no more requests, ends streams, waits for requests under way, closes. Idempotent. */
  stop(): Promise<void>;
}
