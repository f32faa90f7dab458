import type { LeaseClock, LeaseLogger, Leases } from './leases.ts';

export interface LeadOptions {
  readonly leases: Leases;
  /** Name of the lease. */
  readonly name: string;
  readonly clock: Pick<LeaseClock, 'after'>;
  readonly logger: LeaseLogger;
  /** Begins the work that one process does; answers how to end it. Thrown errors are logged and it is tried again. */
  readonly begin: () => Promise<() => Promise<void>>;
}

export interface Lead {
  /** Whether this process does the work right now. */
  readonly isLeading: boolean;
  /** Ends the work, if this process does it. Idempotent. */
  stop(): Promise<void>;
}

/** Between two questions of a process that waits. With the time that a death takes to be seen, work goes on within 5 s. */
const askMs = 500;

/**
 * Does a piece of work while this process holds the lease: begins when it gets it, ends when it loses it, begins again when it gets it again. On a
 * store with one process it has begun when the promise resolves.
 */
export const lead = async ({ leases, name, clock, logger, begin }: LeadOptions): Promise<Lead> => {
  let end: (() => Promise<void>) | null = null;
  let stopped = false;
  let turning: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;

  const endWork = async (): Promise<void> => {
    const ending = end;
    end = null;
    await ending?.();
  };

  /** One step at a time: nothing begins before the end of what went before. */
  const turn = (): Promise<void> =>
    (turning = turning.then(async () => {
      if (stopped) return;
      try {
        if (end !== null && !leases.holds(name)) await endWork();
        if (end === null && (await leases.holderOf(name)) === leases.memberId && !stopped) end = await begin();
      } catch (error) {
        logger.warn({ err: error, lease: name }, 'the work that one process does waits');
      }
    }));

  const again = (): void => {
    cancel();
    if (!stopped) cancel = clock.after(askMs, () => void turn().then(again));
  };
  const endListening = leases.onLost((names) => {
    if (names.includes(name)) void turn();
  });
  await turn();
  again();

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    stopped = true;
    cancel();
    endListening();
    await turning;
    await endWork();
  };
  return {
    get isLeading() {
      return end !== null;
    },
    stop: () => (stopping ??= stop()),
  };
};
