import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Authorizer } from './authorizer.ts';

/** Who was let in by what. */
export interface Credentials {
  readonly principal: Principal;
  readonly token: string | null;
}

/** For what goes on long after it was let in: streams and sockets. */
export interface TokenWatch {
  /**
   * Calls `onLost` once when the token is nobody's any more (null), or that of a principal who may do other things than before. While that cannot be told nothing
   * happens. Answers what ends it: nothing is told from then on.
   */
  watch(caller: Credentials, onLost: (now: Principal | null) => void): () => void;
}

export interface TokenWatchParts {
  readonly authorizer: Pick<Authorizer, 'authenticate'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Pick<Logger, 'warn'>;
}

const everyMsByDefault = 30_000;

/** Looked at between two turns of the event loop: the store of tokens is not stormed, and a round of a hundred thousand holds up nobody. */
const portion = 256;

interface Watched {
  readonly caller: Credentials;
  readonly onLost: (now: Principal | null) => void;
}

/**
 * One watch is for all that goes on in a process: one timer, `everyMs` after the last round, and none while nobody is watched; each token is asked about once a round, however
 * many began with it. A round in which some cannot be told is logged once; the next one finds out.
 */
export const openTokenWatch = (
  { authorizer, clock, logger }: TokenWatchParts,
  everyMs: number = everyMsByDefault,
): TokenWatch => {
  const watched = new Set<Watched>();
  let isLooking = false;
  let disarm: (() => void) | null = null;

  const look = async (): Promise<void> => {
    const asked = new Map<string | null, Promise<Principal | null>>();
    const whoHas = (token: string | null): Promise<Principal | null> => {
      const answer = asked.get(token) ?? authorizer.authenticate(token);
      asked.set(token, answer);
      return answer;
    };
    const check = async (each: Watched): Promise<void> => {
      if (!watched.has(each)) return;
      const now = await whoHas(each.caller.token);
      if (isDeepStrictEqual(now, each.caller.principal) || !watched.delete(each)) return;
      each.onLost(now);
    };
    const all = [...watched];
    let failed: PromiseRejectedResult | undefined;
    for (let next = 0; next < all.length; next += portion) {
      const checks = await Promise.allSettled(all.slice(next, next + portion).map(check));
      failed ??= checks.find((each) => each.status === 'rejected');
      await turn();
    }
    if (failed !== undefined) logger.warn({ err: failed.reason }, 'tokens of what is open cannot be checked now');
  };

  const arm = (): void => {
    if (isLooking || disarm !== null || watched.size === 0) return;
    disarm = clock.after(everyMs, () => {
      disarm = null;
      isLooking = true;
      void look().finally(() => {
        isLooking = false;
        arm();
      });
    });
  };

  return {
    watch(caller, onLost) {
      const one = { caller, onLost };
      watched.add(one);
      arm();
      return () => {
        watched.delete(one);
        if (watched.size > 0) return;
        disarm?.();
        disarm = null;
      };
    },
  };
};
