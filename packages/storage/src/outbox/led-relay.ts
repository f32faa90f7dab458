import { lead } from '../leases/lead.ts';
import type { LeaseClock, LeaseLogger, Leases } from '../leases/leases.ts';
import { startRelay } from './relay.ts';
import type { Relay, RelayLogger, RelayOptions } from './relay.ts';

export interface LedRelayOptions extends Omit<RelayOptions, 'mayPublish' | 'clock' | 'logger'> {
  readonly clock: Pick<LeaseClock, 'after'>;
  readonly logger: LeaseLogger & RelayLogger;
  readonly leases: Leases;
  /**
   * How the processes on one store tell each other of commits that carried events, at most once: a lost hint costs the time to the next poll. Not
   * used where this process relays itself.
   */
  readonly hints: {
    tell(): void;
    listen(listener: () => void): Promise<() => Promise<void>>;
  };
}

const name = 'relay';

/**
 * The relay of several processes on one store: one of them publishes, the others tell it of their commits. When it dies or hangs another one goes on within
 * 5 s, publishing again what was not marked. One that was paused in the middle sends at most the event that it had in hand: brokers drop that by its
 * id, and consumers by its version.
 */
export const startLedRelay = async (options: LedRelayOptions): Promise<Pick<Relay, 'stop'>> => {
  const { outbox, leases, hints, clock, logger } = options;
  let relay: Relay | null = null;
  const endListening = await hints.listen(() => relay?.wake());
  const endTelling = outbox.onCommit(() => {
    if (relay === null) hints.tell();
  });
  const begin = async (): Promise<() => Promise<void>> => {
    const own = startRelay({ ...options, mayPublish: () => leases.holds(name) });
    relay = own;
    return () => {
      relay = null;
      return own.stop();
    };
  };
  const leading = await lead({ leases, name, clock, logger, begin });
  return {
    async stop() {
      await leading.stop();
      endTelling();
      await endListening();
    },
  };
};
