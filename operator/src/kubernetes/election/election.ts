import type { Clock, Logger } from '@simfleet/runtime';
import type { KubernetesApi } from '../api.ts';
import type { Fence } from '../client.ts';
import { notLeading } from '../client.ts';
import type { LeaderElection, LeaderElectionOptions, Term } from '../runtime.ts';
import { createCandidate } from './lease.ts';

export interface ElectionParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** For the Lease itself: not fenced, and impatient. */
  readonly api: KubernetesApi;
  /** Makes the API whose writes pass the fence. */
  readonly fenced: (fence: Fence) => KubernetesApi;
  readonly changed: (leading: boolean) => void;
}

/** How long work may take to end after `stop`. Milliseconds. */
const stopLimitMs = 15_000;
/** Between the end of the last write of a leader and the moment in which another may lead. Milliseconds. */
const slackMs = 500;

/** Leader election by a Lease; the defaults are those of client-go. */
export const createElection = (options: LeaderElectionOptions, parts: ElectionParts): LeaderElection => {
  const { namespace, name, identity, leaseMs = 15_000, renewLimitMs = 10_000, retryMs = 2000 } = options;
  const { clock, logger, random, api, fenced, changed } = parts;
  const { now, monotonic } = clock;
  const candidate = createCandidate({ api, namespace, name, identity, leaseMs, now, monotonic });
  const log = logger.child({ lease: `${namespace}/${name}`, identity });
  const stopping = new AbortController();
  const ended = Promise.withResolvers<void>();
  let begun = false;
  /** When the last successful renewal began. */
  let renewedAt = -Infinity;
  let inTerm = false;

  const leading = (): boolean => inTerm && monotonic() < renewedAt + renewLimitMs;
  const pause = (signal: AbortSignal): Promise<void> => clock.sleep(retryMs * (1 + random() * 0.2), signal);

  /** True when the lease is ours, false when it is another's, null when nothing is known. */
  const attempt = async (): Promise<boolean | null> => {
    try {
      const begunAt = await candidate.attempt();
      if (begunAt !== null) renewedAt = begunAt;
      return begunAt !== null;
    } catch (error) {
      log.warn({ error }, 'the lease could not be read or written');
      return null;
    }
  };

  const renew = async (lose: () => void, ending: AbortSignal): Promise<void> => {
    for (await pause(ending); !ending.aborted; await pause(ending)) if ((await attempt()) === false) return lose();
  };

  const serve = async (lead: (term: Term) => Promise<void>): Promise<void> => {
    const done = new AbortController();
    const lost = new AbortController();
    const lose = (): void => {
      inTerm = false;
      changed(false);
      if (!lost.signal.aborted) log.warn('the lease is lost: work is dropped');
      lost.abort(notLeading());
    };
    inTerm = true;
    changed(true);
    log.info('this process leads');
    const stopWatch = watchTerm(clock, () => renewedAt + renewLimitMs, lose);
    const overdue = endOverdue(clock, stopping.signal, lose);
    const renewing = renew(lose, AbortSignal.any([done.signal, lost.signal]));
    try {
      await lead({ stopping: stopping.signal, lost: lost.signal });
    } catch (error) {
      log.error({ error }, 'the leader failed');
    }
    done.abort();
    stopWatch();
    overdue();
    await renewing;
    const ours = leading();
    inTerm = false;
    changed(false);
    if (ours) await candidate.release().catch((error: unknown) => log.warn({ error }, 'the lease was not given away'));
    log.info('this process leads no more');
  };

  return {
    get leading() {
      return leading();
    },
    api: fenced({
      permit() {
        if (!leading()) throw notLeading();
      },
      limitMs: () => Math.max(renewedAt + leaseMs - slackMs - monotonic(), 1),
    }),
    async run(lead) {
      begun = true;
      try {
        while (!stopping.signal.aborted) {
          if ((await attempt()) === true && !stopping.signal.aborted) await serve(lead);
          await pause(stopping.signal);
        }
      } finally {
        await candidate.release().catch(() => undefined);
        ended.resolve();
      }
    },
    async stop() {
      stopping.abort();
      if (begun) await ended.promise;
    },
  };
};

/** Calls `lose` when the time until which the term is good has come, unless it was renewed meanwhile. Answers the function that ends it. */
const watchTerm = (clock: Clock, until: () => number, lose: () => void): (() => void) => {
  const arm = (): (() => void) =>
    clock.after(until() - clock.monotonic(), () => {
      if (clock.monotonic() >= until()) lose();
      else cancel = arm();
    });
  let cancel = arm();
  return () => cancel();
};

const endOverdue = (clock: Clock, stopping: AbortSignal, lose: () => void): (() => void) => {
  let cancel: (() => void) | undefined;
  const begin = (): void => void (cancel = clock.after(stopLimitMs, lose));
  stopping.addEventListener('abort', begin, { once: true });
  return () => {
    stopping.removeEventListener('abort', begin);
    cancel?.();
  };
};
