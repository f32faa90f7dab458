import type { Principal, Problem } from '@simfleet/contracts';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import type { UpgradeAnswer, UpgradeRequest } from '../server.ts';
import type { SocketVerb } from './verb.ts';

/** Who has shown what. The token is kept so that it can be checked again, and told nobody. */
export interface Caller {
  readonly principal: Principal;
  readonly token: string;
}

/** Who clients are and what they may do. */
export interface SocketAccess {
  /** The bearer token of an `Authorization` header, or null. */
  tokenOf(authorization: string | undefined): string | null;
  /** The principal behind a token, compared in constant time; null when the token is missing or wrong. */
  authenticate(token: string | null): Promise<Principal | null>;
  permits(principal: Principal, action: string, customer: string | null): boolean;
  /**
   * Calls `onLost` once when the token is nobody's any more (null), or that of another principal than before. Answers what ends it: nothing is told from then on.
   */
  watch(caller: Caller, onLost: (now: Principal | null) => void): () => void;
}

export type Refusal = Omit<Extract<UpgradeAnswer<unknown>, { readonly accept: false }>, 'accept'>;

/** What a limit says to a message. `retryAfterMs` is null when it will never be allowed. */
export type MessageVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly error: unknown; readonly retryAfterMs: number | null };

/** A connection in the eyes of limits. */
export interface AdmittedSocket {
  /** Asked as soon as it is known whose it is. Throws what becomes the problem of the answer; the connection ends then. */
  admitCaller(caller: Caller): void | Promise<void>;
  /** It is over, or never began: gives back all that it holds, and what `admitCaller` still takes. Called once. */
  end(): void;
}

/** How many connections clients may have, and what they may ask for how often. */
export interface SocketAdmission {
  /** Asked before anything else is done for an upgrade. */
  admitUpgrade(request: UpgradeRequest): AdmittedSocket | Refusal | Promise<AdmittedSocket | Refusal>;
  admitMessage(principal: Principal, operation: string): MessageVerdict | Promise<MessageVerdict>;
}

/** RFC 9457: the body for an error, its headers where it is an HTTP answer, and whether the fault is ours and its cause to be logged. */
export type DescribeProblem = (
  error: unknown,
  instance: string,
) => { readonly problem: Problem; readonly headers: Readonly<Record<string, string>>; readonly fault: boolean };

export interface ProtocolOptions {
  readonly access: SocketAccess;
  /** Null: no limits. */
  readonly admission: SocketAdmission | null;
  readonly describeProblem: DescribeProblem;
  readonly verbs: readonly SocketVerb[];
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Longest time from the handshake to a good token, ms; default 10 s. */
  readonly connectMs?: number;
  /** Bytes that may wait for a client while more of what has its own pace is sent; default 64 KiB. Well below the budget of the server’s sockets. */
  readonly roomBytes?: number;
}
