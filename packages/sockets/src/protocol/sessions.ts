import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '@simfleet/contracts';
import type { ProtocolOptions } from './options.ts';
import { closeWith } from './reply.ts';
import type { Client } from './reply.ts';

/** Connections of clients that have said who they are. */
export interface Sessions {
  add(socket: Client): void;
  remove(socket: Client): void;
}

/** Asked about at a time: the store of tokens is not stormed, and a look at a hundred thousand holds up no message. */
const portion = 256;

/**
 * A token is taken back, runs out or may do less while connections go on that began with it. So it is asked about again `everyMs` after the last look, by one timer for all connections
 * and once for each token, and they are closed when the answer is another. While tokens cannot be checked connections go on: the next look finds out.
 */
export const watchSessions = (
  { access, clock, logger }: Pick<ProtocolOptions, 'access' | 'clock' | 'logger'>,
  everyMs: number,
): Sessions => {
  const sockets = new Set<Client>();
  let isArmed = false;

  const look = async (): Promise<void> => {
    const asked = new Map<string, Promise<Principal | null>>();
    const whoHas = (token: string): Promise<Principal | null> => {
      const answer = asked.get(token) ?? access.authenticate(token);
      asked.set(token, answer);
      return answer;
    };
    const all = [...sockets];
    for (let next = 0; next < all.length; next += portion) {
      const checks = await Promise.allSettled(all.slice(next, next + portion).map((socket) => check(socket, whoHas)));
      const failed = checks.find((each) => each.status === 'rejected');
      if (failed !== undefined) logger.warn({ err: failed.reason }, 'tokens of open sockets cannot be checked now');
      await turn();
    }
  };

  const lookLater = (): void => {
    isArmed = true;
    clock.after(everyMs, () => {
      void look().finally(() => {
        isArmed = false;
        if (sockets.size > 0) lookLater();
      });
    });
  };

  return {
    add(socket) {
      if (socket.data.isGone) return;
      sockets.add(socket);
      if (!isArmed) lookLater();
    },
    remove: (socket) => void sockets.delete(socket),
  };
};

/** Rejects when it cannot be told. */
const check = async (socket: Client, whoHas: (token: string) => Promise<Principal | null>): Promise<void> => {
  const { caller } = socket.data;
  if (caller === null) return;
  const principal = await whoHas(caller.token);
  if (socket.data.isGone) return;
  if (principal === null) closeWith(socket, 'unauthenticated');
  else if (!isDeepStrictEqual(principal, caller.principal)) closeWith(socket, 'access-changed');
};
