/** A sort key as stores hold it; keys of one field have one type. */
export type StoredKey = string | number | null;

/** Lifts surrogates above U+E000 … U+FFFF, where the code points they stand for belong. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Order of two well-formed texts by Unicode code point: that of their UTF-8 bytes. JavaScript's `<` compares UTF-16 units. */
export const compareText = (left: string, right: string): number => {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = rank(left.charCodeAt(index)) - rank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

/** Null first, then by value. */
export const compareKeys = (left: StoredKey, right: StoredKey): number => {
  if (left === null || right === null) return (left === null ? 0 : 1) - (right === null ? 0 : 1);
  if (typeof left === 'string') return compareText(left, String(right));
  return left - Number(right);
};

/**
 * The least text above every text with this prefix in code-point order, or null when there is none
 * (a prefix of nothing but U+10FFFF, or the empty one).
 */
export const afterPrefix = (prefix: string): string | null => {
  const points = Array.from(prefix, (point) => point.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return null;
};
