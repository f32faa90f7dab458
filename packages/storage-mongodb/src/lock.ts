import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimfleetError } from '@simfleet/contracts';
import type { Db } from 'mongodb';
import { isDuplicate } from './faults.ts';
import { locksOf } from './layout.ts';

export interface LockTimes {
  /** After how many milliseconds without a beat the holder counts as dead; it beats five times as often. */
  readonly silenceMs: number;
  /** How long to wait for the lock. */
  readonly waitMs: number;
}

const usual: LockTimes = { silenceMs: 5000, waitMs: 120_000 };
const lookMs = 50;

/** Waits until the lock is free or its holder has been silent for long enough, by this process's own clock: clocks are never compared. */
const take = async (db: Db, _id: string, owner: string, { silenceMs, waitMs }: LockTimes): Promise<void> => {
  const end = performance.now() + waitMs;
  let seen = { owner: '', beat: -1, at: -Infinity };
  while (performance.now() <= end) {
    const held = await locksOf(db).findOne({ _id });
    if (held === null) {
      if (await isInserted(db, _id, owner)) return;
      continue;
    }
    if (held.owner !== seen.owner || held.beat !== seen.beat) {
      seen = { owner: held.owner, beat: held.beat, at: performance.now() };
    } else if (performance.now() - seen.at > silenceMs) {
      const { matchedCount } = await locksOf(db).updateOne(held, { $set: { owner, beat: 0 } });
      if (matchedCount === 1) return;
    }
    await sleep(lookMs);
  }
  throw new SimfleetError('unavailable', `Another process is busy with "${_id}" of the database.`);
};

const isInserted = async (db: Db, _id: string, owner: string): Promise<boolean> => {
  try {
    await locksOf(db).insertOne({ _id, owner, beat: 0 });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
};

/**
 * Works while no other process does under this name. A holder that died is followed after its silence, one that was only paused may wake
 * beside its follower: the work must be safe to run twice. Throws `unavailable` when the lock is not to be had.
 */
export const withLock = async <Answer>(
  db: Db,
  name: string,
  work: () => Promise<Answer>,
  times: LockTimes = usual,
): Promise<Answer> => {
  const mine = { _id: name, owner: randomUUID() };
  await take(db, name, mine.owner, times);
  const beat = (): void =>
    void locksOf(db)
      .updateOne(mine, { $inc: { beat: 1 } })
      .catch(() => undefined);
  const beating = setInterval(beat, times.silenceMs / 5);
  try {
    return await work();
  } finally {
    clearInterval(beating);
    // Should this fail, the lock is followed like that of a dead process.
    await locksOf(db)
      .deleteOne(mine)
      .catch(() => undefined);
  }
};
