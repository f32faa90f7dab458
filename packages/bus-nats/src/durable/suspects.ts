import type { Held } from './held.ts';

/** What to do about a message that was handed out so often without ever being handled. */
export interface Suspicion {
  /** Handed out more often: it is handled alone, so that a death of the process is its own doing. */
  readonly aloneAfter: number;
  /** Handed out more often, the last times alone: it is parked. At least two of those. */
  readonly parkAfter: number;
}

/** Being handed out counts as an attempt where no attempt was ever finished: the process died, or stopped for long. */
export const suspicionOf = (maxAttempts: number): Suspicion => {
  const aloneAfter = Math.max(1, Math.floor(maxAttempts / 2));
  return { aloneAfter, parkAfter: Math.max(maxAttempts, aloneAfter + 2) };
};

/**
 * Divides messages in the order of the stream: those to handle one at a time first, up to the last suspect, so that order holds; then the rest.
 * The first suspect alone may be parked: each holder before us began with it, while those behind it were merely in hand.
 */
export const divide = (
  ordered: readonly Held[],
  { aloneAfter, parkAfter }: Suspicion,
): { readonly park: Held | null; readonly alone: readonly Held[]; readonly rest: readonly Held[] } => {
  const isSuspect = ({ delivery }: Held): boolean => delivery.count > aloneAfter;
  const first = ordered.find(isSuspect);
  const park = first !== undefined && first.delivery.count > parkAfter ? first : null;
  const last = ordered.findLastIndex(isSuspect) + 1;
  return { park, alone: ordered.slice(0, last).filter((held) => held !== park), rest: ordered.slice(last) };
};
