import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant: at most a third of its letters away, the nearest first. */
export const nearest = (typed: string, candidates: readonly string[]): string | undefined => {
  const near = candidates
    .map((candidate) => ({ candidate, away: distance(typed.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, away }) => away <= Math.max(1, Math.floor(Math.max(candidate.length, typed.length) / 3)))
    .sort((a, b) => a.away - b.away);
  return near[0]?.candidate;
};

/** `; did you mean "x"?`, or nothing. */
export const didYouMean = (typed: string, candidates: readonly string[]): string => {
  const guess = nearest(typed, candidates);
  return guess === undefined || guess === typed ? '' : `; did you mean "${guess}"?`;
};
