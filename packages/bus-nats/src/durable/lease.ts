import type { KV } from '@nats-io/kv';
import { pause, realTimers } from '@simfleet/bus';
import { isWrongLastSequence } from '../link/refusals.ts';
import type { Suspect } from './suspects.ts';

/**
 * Who may work for a name. The holder writes its entry anew; who watches it unchanged for `leaseMs` by its own clock may replace exactly that
 * revision. No two clocks are compared. The holder counts from before it sent its last write that was confirmed, and stops earlier.
 */
export interface Lease {
  /** Whether we may work right now. Asked before every step, because a process that was paused does not know that it was. */
  isHeld(): boolean;
  /** Looks again now. */
  wake(): void;
  /** Writes what we handle alone into the entry, for the next holder. False when the lease is not ours any more, or no write was confirmed. */
  note(suspect: Suspect | null): Promise<boolean>;
  /** Gives it back, so that the next one need not wait. */
  end(): Promise<void>;
}

export interface LeaseOptions {
  readonly entries: KV;
  readonly key: string;
  /** Unique for each instance. */
  readonly owner: string;
  /** Called when the lease is ours, with what the former holder noted; the signal is aborted once it is not ours any more. */
  readonly onHeld: (lost: AbortSignal, former: Suspect | null) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly isUp: () => boolean;
}

/** An entry unchanged for so long, in milliseconds, has nobody behind it. */
const leaseMs = 3000;
/** The holder stops so much before, for what its own timers may be late. */
const marginMs = 600;
const renewMs = 600;
const lookMs = 250;

interface Entry {
  readonly owner: string;
  readonly suspect?: Suspect | null;
}

/** Monotonic, and goes on while the process is stopped. Milliseconds. */
const now = (): number => performance.now();

export const startLease = ({ entries, key, owner, onHeld, onTrouble, isUp }: LeaseOptions): Lease => {
  const ended = new AbortController();
  let turn = new AbortController();
  /** Revision of our own entry, while we have reason to believe that it is the last. */
  let revision = 0;
  let noted: Suspect | null = null;
  let heldUntil = -Infinity;
  let term: AbortController | null = null;
  let seen: { readonly revision: number; readonly since: number } | null = null;

  const isHeld = (): boolean => term !== null && now() < heldUntil;
  const lose = (): void => {
    term?.abort();
    term = null;
  };

  /** Writes our entry over the given revision. False when somebody else wrote meanwhile. */
  const write = async (over: number): Promise<boolean> => {
    const sent = now();
    try {
      revision = await entries.put(key, JSON.stringify({ owner, suspect: noted } satisfies Entry), {
        previousSeq: over,
      });
    } catch (error) {
      if (isWrongLastSequence(error)) return false;
      throw error;
    }
    heldUntil = sent + leaseMs - marginMs;
    return true;
  };

  const take = async (over: number, former: Suspect | null): Promise<void> => {
    noted = former;
    if (!(await write(over)) || !(now() < heldUntil)) return;
    seen = null;
    lose();
    term = new AbortController();
    onHeld(term.signal, former);
  };

  /** Takes the lease when it is free, ours, or was not renewed while we watched. */
  const look = async (): Promise<void> => {
    const entry = await entries.get(key);
    const { owner: holder, suspect = null } =
      entry === null || entry.operation !== 'PUT' ? { owner: '' } : entry.json<Entry>();
    const current = entry?.revision ?? 0;
    if (holder === '' || holder === owner) return take(current, suspect);
    if (seen?.revision !== current) seen = { revision: current, since: now() };
    else if (now() - seen.since >= leaseMs) await take(current, suspect);
  };

  const renew = async (): Promise<void> => {
    if (await write(revision)) return;
    // Perhaps our own write, whose answer was lost.
    const entry = await entries.get(key);
    if (entry?.operation === 'PUT' && entry.json<Entry>().owner === owner && (await write(entry.revision))) return;
    lose();
  };

  /** Writes go one after the other: each is over the revision of the last. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };

  const step = async (): Promise<void> => {
    if (!isUp()) return;
    try {
      await inTurn(() => (isHeld() ? renew() : look()));
    } catch (error) {
      if (isUp() && !ended.signal.aborted) onTrouble(error);
    }
  };

  /** The end of the time, seen by a timer for those who wait; whoever works asks `isHeld`. */
  const watchTime = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      if (term !== null && now() >= heldUntil) lose();
      await pause(term === null ? lookMs : Math.max(1, heldUntil - now()), ended.signal, realTimers);
    }
  };

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      turn = new AbortController();
      await step();
      await pause(term === null ? lookMs : renewMs, AbortSignal.any([ended.signal, turn.signal]), realTimers);
    }
  };
  const running = Promise.all([run(), watchTime()]);

  return {
    isHeld,
    wake: () => turn.abort(),
    note: (suspect) =>
      inTurn(async () => {
        if (!isHeld()) return false;
        noted = suspect;
        await renew();
        return isHeld();
      }).catch((error: unknown) => {
        onTrouble(error);
        return false;
      }),
    async end() {
      ended.abort();
      await running;
      const held = isHeld();
      lose();
      if (!held || !isUp()) return;
      try {
        await entries.put(key, JSON.stringify({ owner: '' } satisfies Entry), { previousSeq: revision });
      } catch (error) {
        // Then it runs out by itself.
        onTrouble(error);
      }
    },
  };
};
