/**
 * Text whose order is that of Unicode code points on every server: MongoDB compares the bytes of UTF-8, other servers that speak its
 * protocol the units of UTF-16, which put U+E000 … U+FFFF after everything beyond them. So each code point from U+D7FD up is written as U+D7FD and two
 * characters that carry its distance from there; all are below the surrogates, where both orders agree. Other text, which is nearly all, stays as it is.
 */
const marker = 0xd7fd;
const base = 0x4e00;
const digits = 2048;

const rare = /[\ud7fd-\uffff]/;
const rarePoint = /[\ud7fd-\u{10ffff}]/gu;
const escaped = /\ud7fd(.)(.)/g;

const escape = (point: string): string => {
  const distance = (point.codePointAt(0) ?? marker) - marker;
  return String.fromCharCode(marker, base + Math.floor(distance / digits), base + (distance % digits));
};

const unescape = (_: string, high: string, low: string): string =>
  String.fromCodePoint(marker + (high.charCodeAt(0) - base) * digits + (low.charCodeAt(0) - base));

/** For well-formed text. A prefix of a text becomes a prefix of its ordered form. */
export const orderedText = (text: string): string => (rare.test(text) ? text.replace(rarePoint, escape) : text);

export const plainText = (ordered: string): string =>
  rare.test(ordered) ? ordered.replace(escaped, unescape) : ordered;
