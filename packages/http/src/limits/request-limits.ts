import type { Principal, SimfleetError } from '@simfleet/contracts';
import type { Soon } from '@simfleet/rate-limit';

/** Where a request came from, as HTTP servers of any make tell it. */
export interface Peer {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of the peer on the wire: a proxy's where there is one. Undefined when the connection is gone already. */
  readonly remoteAddress: string | undefined;
}

/** What is known of a request before anybody is asked who sent it. */
export interface ArrivedRequest extends Peer {
  /** Operation id of the route: `createJob`. */
  readonly operation: string;
  /** Whether policies that name no operations apply: not to health, metrics, documentation and the reports of shards. */
  readonly general: boolean;
}

export interface Caller {
  readonly principal: Principal;
  /** The bearer token; only a digest of it is ever kept. Null: there was none. */
  readonly token: string | null;
}

/** What a limit says to one message of a socket. */
export type MessageVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** `quota-exceeded`, with what the client may be told. */
      readonly error: SimfleetError;
      /** Null when it will never be allowed. */
      readonly retryAfterMs: number | null;
    };

/**
 * One request before its limits, in the order in which it becomes known who sent it. Each step throws `quota-exceeded`, or `unavailable`
 * when the store of the counts does not answer and a policy fails closed; nothing is then counted of the request. A step that answers no promise
 * is done. Without policies that apply every step does nothing. While later steps may refuse, the steps before them look only, and all are counted
 * together: by the last, or by `settle`.
 */
export interface LimitedRequest {
  /** By address: before the caller is authenticated. */
  byAddress(): Soon<void>;
  /** By user, API key and everyone together; by customer too where the caller has one only. Operators of clusters are not limited. */
  byCaller(caller: Caller): Soon<void>;
  /** By the customer that the request names; nothing when it was decided before. */
  byCustomer(customer: string): Soon<void>;
  /** No step follows: counts what was looked at only. Throws as a step does. */
  settle(): Soon<void>;
  /** Gives back what was taken, for a request that was refused for another reason and did nothing. */
  takeBack(): Soon<void>;
  /** The request is over: what limits requests under way lets go of it. Idempotent. */
  end(): void;
  /** RateLimit-Policy and RateLimit of all that was decided, with Retry-After after a refusal; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The limits of requests and of sockets' messages, as servers ask for them. They know nothing of policies or stores. */
export interface RequestLimits {
  request(request: ArrivedRequest): LimitedRequest;
  /** For a socket that wants to open: a request of the operation `openSocket` that is under way until its `end`, or the answer that refuses it. Throws `unavailable`. */
  admitUpgrade(peer: Peer): Soon<AdmittedSocket | UpgradeRefusal>;
  /** For a message on an open socket. Throws `unavailable`. */
  admitMessage(principal: Principal, operation: string): Soon<MessageVerdict>;
}

/** A socket that its address did not forbid. */
export interface AdmittedSocket {
  /** As soon as it is known whose it is. Throws `quota-exceeded` and `unavailable`; then nothing is counted of the socket any more, and it must not go on. */
  admitCaller(caller: Caller): Soon<void>;
  /** The socket is closed, or never opened: lets go of its place. Idempotent. */
  end(): void;
}

export interface UpgradeRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A problem document. */
  readonly body: string;
}
