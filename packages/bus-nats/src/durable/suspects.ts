import type { Held } from './held.ts';

/** A message that is handled while nothing else is, and how often that was begun; kept with the lease, so that the next holder knows. */
export interface Suspect {
  readonly key: string;
  readonly tries: number;
}

export interface Suspicion {
  /** Handed out more often without being handled: it is handled alone, so that a death of the process is its own doing. */
  readonly aloneAfter: number;
  /** Begun alone so often without an end: it is parked. */
  readonly mostTries: number;
}

/** Being handed out is no attempt, as all that lay in hand of a process that died is handed out again; being begun alone is. */
export const suspicionOf = (maxAttempts: number): Suspicion => {
  const aloneAfter = Math.max(2, Math.floor(maxAttempts / 2));
  return { aloneAfter, mostTries: Math.max(2, maxAttempts - aloneAfter) };
};

export const isSuspect = ({ delivery }: Held, { aloneAfter }: Suspicion): boolean => delivery.count > aloneAfter;

/** Divides messages in the order of the stream: those to handle one at a time, up to the last suspect, so that order holds; then the rest. */
export const divide = (
  ordered: readonly Held[],
  suspicion: Suspicion,
): { readonly alone: readonly Held[]; readonly rest: readonly Held[] } => {
  const end = ordered.findLastIndex((held) => isSuspect(held, suspicion)) + 1;
  return { alone: ordered.slice(0, end), rest: ordered.slice(end) };
};
