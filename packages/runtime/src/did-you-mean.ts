/**
 * `; did you mean "data-dir"?` when a candidate is near enough, else the empty string. Near: at most a third of the word's letters
 * (at least one, two from five letters on) inserted, dropped, changed or swapped with their neighbour.
 */
export const didYouMean = (word: string, candidates: Iterable<string>): string => {
  const nearest = nearestOf(word, candidates);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
};

/** Words longer than this are no slips of the pen, and their distance is not worth its quadratic time. */
const longestWord = 100;

const nearestOf = (word: string, candidates: Iterable<string>): string | undefined => {
  if (word.length > longestWord) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(word.length >= 5 ? 2 : 1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
};

/** Optimal string alignment: the Levenshtein distance with swaps of neighbours as one edit. */
const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
};
