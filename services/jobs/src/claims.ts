import { randomUUID } from 'node:crypto';
import type { Clock } from '@simfleet/runtime';

/**
 * Left in a document by a process that is in the middle of a work of several writes, so that others leave it to it, and take over when it died.
 * It makes nothing correct: a process may be paused for any time and come back. What does is written at each user.
 */
export interface Claim {
  /** The process. */
  readonly owner: string;
  /** Drawn for this piece of work; never comes back. */
  readonly token: string;
  /** When the work began, by the owner's clock. */
  readonly at: string;
}

export interface Claims {
  /** This process. */
  readonly owner: string;
  /** A new claim, not yet under way. */
  draw(): Claim;
  /** The work with this token is under way in this process until the answered function is called, however often it was begun. */
  begin(token: string): () => void;
  /** How many have begun the work with this token in this process and not ended it. */
  underWay(token: string): number;
  /** Whether nobody is at work any more, as far as one can know. Claims of releases that left none are abandoned. */
  isAbandoned(claim: Claim | undefined): Promise<boolean>;
}

export interface ClaimsParts {
  readonly clock: Pick<Clock, 'now'>;
  /** Names this process among those on the store. */
  readonly owner: string;
  /** Whether the process is known to be dead. On a store of one process every other one is. */
  readonly isDead: (owner: string) => Promise<boolean>;
}

/**
 * How long the work of another process is left alone that nobody knows to be dead. It takes milliseconds; the rest is for slow stores and clocks that
 * differ. Too short costs a creation that has to be repeated, too long a name that stays taken.
 */
const leaseMs = 30_000;

export const openClaims = ({ clock, owner, isDead }: ClaimsParts): Claims => {
  const begun = new Map<string, number>();
  const underWay = (token: string): number => begun.get(token) ?? 0;

  return {
    owner,
    underWay,
    draw: () => ({ owner, token: randomUUID(), at: new Date(clock.now()).toISOString() }),
    begin(token) {
      begun.set(token, underWay(token) + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        const left = underWay(token) - 1;
        if (left > 0) begun.set(token, left);
        else begun.delete(token);
      };
    },
    async isAbandoned(claim) {
      if (claim === undefined) return true;
      if (claim.owner === owner) return underWay(claim.token) === 0;
      // In the future by as much: a clock was set back.
      if (Math.abs(clock.now() - Date.parse(claim.at)) >= leaseMs) return true;
      return isDead(claim.owner);
    },
  };
};
