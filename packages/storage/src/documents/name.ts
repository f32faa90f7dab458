export const nameRule = 'must have 1 to 512 characters of well-formed text without U+0000';

/** Whether every store keeps the text faithfully as an id, a key or the name of a stream. */
export const isName = (text: string): boolean =>
  text !== '' && text.length <= 512 && text.isWellFormed() && !text.includes('\0');
