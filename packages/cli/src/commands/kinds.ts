import { SimfleetError } from '@simfleet/contracts';
import { didYouMean } from '../did-you-mean.ts';

export const kindNames = ['jobs', 'services', 'customers'] as const;
export type Kind = (typeof kindNames)[number];

/** Singular and plural mean the same. Undefined for anything else. */
export const asKind = (typed: string): Kind | undefined =>
  kindNames.find((kind) => kind === typed || kind === `${typed}s`);

/** Throws `invalid-request` with the nearest kind. */
export const kindOf = (typed: string): Kind => {
  const kind = asKind(typed);
  if (kind !== undefined) return kind;
  const guess = didYouMean(typed, kindNames);
  throw new SimfleetError('invalid-request', `there are ${kindNames.join(', ')}, but no "${typed}"${guess}`);
};

/** `describe job x`, `describe job/x` and `describe x` (a job) all name one thing. */
export const kindAndName = (words: readonly string[]): { readonly kind: Kind; readonly name: string } => {
  const [first = '', second] = words;
  if (second !== undefined) return { kind: kindOf(first), name: second };
  const slash = first.indexOf('/');
  if (slash > 0) return { kind: kindOf(first.slice(0, slash)), name: first.slice(slash + 1) };
  const kind = asKind(first);
  if (kind !== undefined) throw new SimfleetError('invalid-request', `which of the ${kind}? Add its name`);
  return { kind: 'jobs', name: first };
};
