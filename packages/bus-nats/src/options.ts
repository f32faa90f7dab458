import type { Backoff, Tracing } from '@simfleet/bus';

/** Told what goes wrong where no caller waits. */
export type OnTrouble = ((what: string, error: unknown) => void) | undefined;

export interface NatsBusOptions {
  /** `nats://host:port` or `tls://host:port`, several separated by commas; user and password, or a token, may stand before the `@`. */
  readonly url: string;
  /** What separates platforms that share a server: letters, digits, `-` and `_`, at most 32. Default `simfleet`. */
  readonly namespace?: string;
  /** What the server's monitoring calls this connection. Default the namespace. */
  readonly connectionName?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** File with a JWT and its seed, as `nsc` writes it. */
  readonly credentialsFile?: string;
  /** Certificates to trust instead of the machine's; PEM. */
  readonly tlsCaFile?: string;
  /** `http://host:8222` of the server: the only way to learn whether it syncs before it acknowledges. Without it that is «unknown». */
  readonly monitorUrl?: string;
  /** Copies that a cluster keeps of everything, 1 … 5; default 1. Existing streams keep theirs. */
  readonly replicas?: number;
  /** Milliseconds that events are kept; default 7 days. Older ones go whether they were handled or not. */
  readonly eventsMaxAgeMs?: number;
  /** Events kept; default unbounded. The oldest go first, whether they were handled or not. */
  readonly eventsMaxCount?: number;
  /** Milliseconds that dead letters are kept; default 90 days. */
  readonly deadMaxAgeMs?: number;
  /** Dead letters kept; default 100,000. The oldest go first. */
  readonly deadMaxCount?: number;
  /** Milliseconds between looks whether a consumer is so far behind that events may go before it handles them; default one minute. */
  readonly lookMs?: number;
  readonly backoff?: Backoff;
  readonly tracing?: Tracing;
  /** Told what goes wrong where no caller waits: a listener that throws, a lease that is lost, events in danger of falling out. */
  readonly onTrouble?: OnTrouble;
}
