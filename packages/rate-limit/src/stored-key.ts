import { hash } from 'node:crypto';

/** UTF-16 units. What users choose freely (headers of 16 KB, names) could otherwise fill a store that counts keys, not bytes. */
export const longestKey = 128;

/** How stores keep a key: longer ones by SHA-512, whose hexadecimal digits with the mark are one more than any key that is kept as it is. */
export const storedKey = (key: string): string =>
  // As UTF-16, for in UTF-8 all lone surrogates are one.
  key.length <= longestKey ? key : `#${hash('sha512', Buffer.from(key, 'utf16le'), 'hex')}`;
