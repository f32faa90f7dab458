import { SimfleetError } from '@simfleet/contracts';
import type { LeaseClock, LeaseLogger } from './leases.ts';
import { beat, bury, listMembers } from './members.ts';
import type { MemberCollection } from './members.ts';
import type { LeaseTiming } from './timing.ts';

export interface MembershipOptions {
  readonly id: string;
  readonly customer: string;
  readonly members: MemberCollection;
  readonly clock: LeaseClock;
  readonly logger: LeaseLogger;
  readonly timing: LeaseTiming;
  /** The heartbeat was late: whatever this process held, it holds no more. */
  readonly onLapse: () => void;
}

/**
 * One process among those on a store: shows that it lives, and watches the others. No clocks of two machines are compared: a member is dead when this
 * process saw its heartbeat stand still for `deadMs` of its own time, during which its own reads and writes succeeded. A store that is away, or a
 * pause of the observer, kills nobody.
 */
export interface Membership {
  /** Rises with each lapse. What was taken under an older one is not held. */
  readonly epoch: number;
  /** Whether the last heartbeat still carries the leases. Notices a lapse itself, however long the process was paused. */
  isValid(): boolean;
  /** Resolves once the membership is valid. Throws when the store does not take the heartbeat. */
  ensureValid(): Promise<void>;
  /** Whether the member was there at the last look; costs nothing. */
  wasSeen(id: string): boolean;
  /** Whether the member is there now. */
  isAlive(id: string): Promise<boolean>;
  /** Leaves. Never throws. */
  leave(): Promise<void>;
}

interface Watched {
  version: number;
  silentMs: number;
}

export const joinMembers = (options: MembershipOptions): Membership => {
  const { id, customer, members, clock, logger, timing, onLapse } = options;
  const doc = { customer, since: new Date(clock.now()).toISOString() };
  const watched = new Map<string, Watched>();
  let version: number | null = null;
  let validUntil = -Infinity;
  let epoch = 0;
  let lastLook = clock.monotonic();
  let beating: Promise<void> | null = null;
  let cancelTick = (): void => undefined;
  let left = false;

  const lapse = (): void => {
    validUntil = -Infinity;
    epoch += 1;
    onLapse();
  };

  const isValid = (): boolean => {
    if (clock.monotonic() < validUntil) return true;
    if (validUntil !== -Infinity) lapse();
    return false;
  };

  const writeBeat = async (): Promise<void> => {
    const start = clock.monotonic();
    const written = await beat(members, id, doc, version);
    version = written.version;
    // In this order: what was held across a gap is lost, though the process is well again.
    if (written.wasGone && validUntil !== -Infinity) lapse();
    else isValid();
    validUntil = start + timing.validMs;
  };

  /** One heartbeat at a time. */
  const beatOnce = (): Promise<void> => (beating ??= writeBeat().finally(() => (beating = null)));

  /** What one look adds to a silence: no more than two beats, so that time without looks counts for nothing. */
  const look = async (): Promise<void> => {
    const rows = await listMembers(members);
    const now = clock.monotonic();
    const gap = Math.min(now - lastLook, 2 * timing.beatMs);
    lastLook = now;
    const there = new Set(rows.map((row) => row.id));
    for (const known of watched.keys()) if (!there.has(known)) watched.delete(known);
    for (const row of rows) {
      const before = watched.get(row.id);
      const isSilent = before?.version === row.version;
      const silentMs = isSilent ? before.silentMs + gap : 0;
      watched.set(row.id, { version: row.version, silentMs });
      if (row.id !== id && silentMs >= timing.deadMs && (await bury(members, row.id, row.version))) {
        watched.delete(row.id);
        logger.warn({ member: row.id, silentMs: Math.round(silentMs) }, 'a process died or hangs: its leases are free');
      }
    }
  };

  const tick = async (): Promise<void> => {
    try {
      await beatOnce();
      if (!left) await look();
    } catch (error) {
      isValid();
      logger.warn({ err: error }, 'the heartbeat waits for the store');
    } finally {
      if (!left) cancelTick = clock.after(timing.beatMs, () => void tick());
    }
  };
  cancelTick = clock.after(0, () => void tick());

  return {
    get epoch() {
      return epoch;
    },
    isValid,
    async ensureValid() {
      if (isValid()) return;
      if (left) throw new SimfleetError('unavailable', 'this process has left the store');
      await beatOnce();
      if (!isValid()) throw new SimfleetError('unavailable', 'the store is too slow for heartbeats');
    },
    wasSeen: (other) => watched.has(other),
    isAlive: async (other) => (await members.get(other)) !== null,
    async leave() {
      left = true;
      cancelTick();
      await beating?.catch(() => undefined);
      if (version === null) return;
      version = null;
      validUntil = -Infinity;
      try {
        const stored = await members.get(id);
        if (stored !== null) await bury(members, id, stored.version);
      } catch (error) {
        logger.warn({ err: error }, 'the store did not take the farewell: others will see a death');
      }
    },
  };
};
