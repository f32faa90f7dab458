import { SimfleetError } from '@simfleet/contracts';

/**
 * Throws `unsupported-media-type` unless a body of this `Content-Type` and `Content-Encoding` is plain JSON in UTF-8. A browser form
 * cannot send such a request to another site unasked, which is one reason not to guess.
 */
export const requireJson = (
  contentType: string | undefined,
  contentEncoding: string | undefined,
  alsoAccepts: readonly string[],
): void => {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const accepted = ['application/json', ...alsoAccepts];
  const refuse = (header: string, detail: string): SimfleetError =>
    new SimfleetError('unsupported-media-type', detail, { mistakes: [{ pointer: `#header/${header}`, detail }] });
  if (!accepted.includes(type)) throw refuse('Content-Type', `must be ${accepted.join(' or ')}`);
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw refuse('Content-Type', 'the charset must be UTF-8');
  }
  if (contentEncoding !== undefined && contentEncoding !== 'identity') {
    throw refuse('Content-Encoding', 'compressed bodies are not taken');
  }
};
