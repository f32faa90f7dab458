import type { Principal } from '@simfleet/contracts';
import type { Sent } from '../server.ts';

/** The other end of a connection that has said who it is, as verbs see it. Messages leave in the order of `send` and of what is published. */
export interface Peer {
  readonly id: string;
  readonly principal: Principal;
  /** Whether the connection is over: nothing sent arrives any more. */
  readonly isGone: boolean;
  send(message: string): Sent;
  /** Resolves once little enough waits for the client that more can be sent without harm, or the connection is over. For what has its own pace, such as history. */
  room(): Promise<void>;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Called once when the connection is over; answers the function that takes the listener back. At once if it is over already. */
  onGone(listener: () => void): () => void;
}

export interface VerbCall {
  readonly peer: Peer;
  /** As the client sent it: the verb checks it. */
  readonly body: unknown;
  /** Whether the principal may do the verb’s action for this customer. */
  permits(customer: string): boolean;
}

export interface VerbAnswer {
  readonly ok: Readonly<Record<string, unknown>>;
  /** Runs right behind the reply, before anything else is sent. */
  readonly after?: () => void;
}

/** Something that a client can ask for: the member of its message beside `id`. */
export interface SocketVerb {
  readonly name: string;
  /** What limits call it. */
  readonly operation: string;
  /** What the principal must be permitted, for any customer at all. */
  readonly action: string;
  /** Throws what becomes the problem of the reply. Messages of one connection are handled one after the other. */
  handle(call: VerbCall): Promise<VerbAnswer>;
}

/** One message to everybody who subscribes to a topic in this process; answers how many it went to. */
export type Publish = (topic: string, message: string) => number;
