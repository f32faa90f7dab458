import { brokenConnection, type CloseVerdict } from '../close-codes.ts';

/** Why the library cut a connection off, by the words that it gives with 1006. */
const violations: readonly (readonly [words: RegExp, code: number])[] = [
  [/too big/i, 1009],
  [/UTF-8/i, 1007],
  [/invalid/i, 1002],
];

export const verdictOf = (code: number, message: string): CloseVerdict => {
  if (code !== brokenConnection.code) return { code: code === 0 ? 1005 : code, reason: message };
  const violation = violations.find(([words]) => words.test(message));
  return violation === undefined ? brokenConnection : { code: violation[1], reason: '' };
};
