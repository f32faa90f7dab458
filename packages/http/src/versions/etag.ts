import { SimfleetError } from '@simfleet/contracts';

/**
 * Strong entity tag (RFC 9110 §8.8.3) of a stored version: `"7"`. A record that may be deleted and made again under its name, with versions from 1,
 * has an incarnation that tells one from the other: `"7-4f1c2a"`.
 */
export const etagOf = (version: number, incarnation?: string): string =>
  incarnation === undefined ? `"${version}"` : `"${version}-${incarnation}"`;

/**
 * Checks `If-Match` (RFC 9110 §13.1.1) against the stored version (and incarnation): absent and `*` always pass.
 * Throws `precondition-failed` when no tag names the version (weak tags never do), `invalid-request` when the header is malformed.
 */
export const requireIfMatch = (ifMatch: string | undefined, version: number, incarnation?: string): void => {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = entityTags(ifMatch);
  if (tags === null) {
    const detail = 'must be "*" or entity tags in double quotes, such as "7"';
    throw new SimfleetError('invalid-request', `If-Match ${detail}`, {
      mistakes: [{ pointer: '#header/If-Match', detail }],
    });
  }
  if (tags.includes(etagOf(version, incarnation))) return;
  throw new SimfleetError(
    'precondition-failed',
    `If-Match names another version; the record is at ${etagOf(version, incarnation)}`,
  );
};

/** Null when the text is no list of entity tags. */
const entityTags = (text: string): readonly string[] | null => {
  const tag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
  const list = new RegExp(String.raw`^\s*${tag}(?:\s*,\s*${tag})*\s*$`);
  return list.test(text) ? (text.match(new RegExp(tag, 'g')) ?? []) : null;
};
