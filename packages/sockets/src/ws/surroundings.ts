import type { SocketCounts } from '../counts.ts';
import type { Socket, SocketLimits } from '../server.ts';
import type { Topics } from '../topics.ts';
import type { Outbox, Receiver } from './outbox.ts';

/** What all connections of a server share. */
export interface Surroundings<Data> {
  readonly limits: SocketLimits;
  readonly topics: Topics<Receiver>;
  readonly outbox: Outbox;
  readonly counts: SocketCounts;
  readonly drained: (socket: Socket<Data>) => void;
}
