import { SimfleetError } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import { openLeases } from '@simfleet/storage';
import type { Storage } from '@simfleet/storage';

export interface SoleUseOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends this process in order: another platform has taken its place. */
  readonly stop: () => void;
}

/** The store as its only user sees it. */
export interface SoleUse {
  readonly storage: Storage;
  /** Lets the next platform in at once. */
  release(): Promise<void>;
}

const lease = 'platform';
/** A platform that was killed is seen dead within 3.5 s. */
const patienceMs = 6_000;
const askMs = 250;

/**
 * A store that others could use, under a bus that nobody else is on: two such platforms would each publish to themselves alone, so there may be one.
 * It then uses the store as it would a file of its own. Throws `invalid-configuration` when another platform does not leave within seconds.
 */
export const takeSoleUse = async ({ storage, clock, logger, stop }: SoleUseOptions): Promise<SoleUse> => {
  const leases = await openLeases({ storage, clock, logger });
  const isMine = async (): Promise<boolean> => (await leases.holderOf(lease, { afresh: true })) === leases.memberId;
  const end = clock.monotonic() + patienceMs;
  while (!(await isMine())) {
    if (clock.monotonic() > end) {
      await leases.close();
      const detail = 'another platform uses this store: several need a bus that they share, --bus nats://…';
      throw new SimfleetError('invalid-configuration', detail);
    }
    await clock.sleep(askMs);
  }
  leases.onLost(() => {
    const askAgain = async (): Promise<void> => {
      try {
        if (await isMine()) return;
      } catch (error) {
        logger.warn({ err: error }, 'the store does not say who uses it');
        await clock.sleep(askMs);
        return askAgain();
      }
      logger.error({ lease }, 'this process was silent for so long that another platform took its place');
      stop();
    };
    void askAgain();
  });
  return { storage: asOnlyUser(storage), release: () => leases.close() };
};

const asOnlyUser = (storage: Storage): Storage => ({
  description: storage.description,
  shared: false,
  log: storage.log,
  outbox: storage.outbox,
  collection: (declaration) => storage.collection(declaration),
  dump: () => storage.dump(),
  load: (records) => storage.load(records),
  check: () => storage.check(),
  close: () => storage.close(),
});
