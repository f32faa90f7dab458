/** Blocks [first, first + count). */
export interface BlockRange {
  readonly first: number;
  readonly count: number;
}

/** A set of blocks kept as sorted, disjoint, non-touching ranges: a handful of them, however many blocks there are. */
export interface BlockRanges {
  add(range: BlockRange): void;
  /** True when the block was there. */
  remove(block: number): boolean;
  has(block: number): boolean;
  /** Takes out the lowest blocks in one run: at most `count` of them, all below `below`. Null when there are none. */
  takeLowest(count: number, below: number): BlockRange | null;
  /** Takes out everything. */
  drain(): readonly BlockRange[];
  readonly ranges: readonly BlockRange[];
  readonly size: number;
}

interface Span {
  first: number;
  end: number;
}

export const openBlockRanges = (initial: readonly BlockRange[] = []): BlockRanges => {
  let spans: Span[] = [];

  /** Index of the first span that ends after `block`. */
  const indexOf = (block: number): number => {
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((spans[middle]?.end ?? Infinity) > block) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  const add = ({ first, count }: BlockRange): void => {
    if (count <= 0) return;
    let start = first;
    let end = first + count;
    // A span that ends exactly at `first` touches and is merged, hence the look one block back.
    const from = indexOf(first - 1);
    let to = from;
    for (let span = spans[to]; span !== undefined && span.first <= end; span = spans[++to]) {
      start = Math.min(start, span.first);
      end = Math.max(end, span.end);
    }
    spans.splice(from, to - from, { first: start, end });
  };

  const remove = (block: number): boolean => {
    const index = indexOf(block);
    const span = spans[index];
    if (span === undefined || span.first > block) return false;
    if (span.first === block) span.first += 1;
    else if (span.end === block + 1) span.end = block;
    else {
      spans.splice(index + 1, 0, { first: block + 1, end: span.end });
      span.end = block;
    }
    if (span.first === span.end) spans.splice(index, 1);
    return true;
  };

  const takeLowest = (count: number, below: number): BlockRange | null => {
    const span = spans[0];
    if (span === undefined || span.first >= below || count < 1) return null;
    const first = span.first;
    const end = Math.min(span.end, first + count, below);
    if (end === span.end) spans.shift();
    else span.first = end;
    return { first, count: end - first };
  };

  const asRanges = (): readonly BlockRange[] => spans.map(({ first, end }) => ({ first, count: end - first }));

  initial.forEach(add);
  return {
    add,
    remove,
    has: (block) => (spans[indexOf(block)]?.first ?? Infinity) <= block,
    takeLowest,
    drain: () => {
      const all = asRanges();
      spans = [];
      return all;
    },
    get ranges() {
      return asRanges();
    },
    get size() {
      return spans.reduce((sum, { first, end }) => sum + end - first, 0);
    },
  };
};
