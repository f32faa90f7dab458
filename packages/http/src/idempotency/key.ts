import { SimfleetError } from '@simfleet/contracts';

/**
 * The key of an `Idempotency-Key` header: a structured-field string (`"8e03…"`, RFC 9651 §3.3.3) as the draft asks, or bare, as most
 * clients send it. Undefined when there is none. Throws `invalid-request` for anything else, or over 255 characters.
 */
export const idempotencyKeyOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const text = header.trim();
  const key = text.startsWith('"') ? quoted(text) : /^[\x21\x23-\x7e]+$/.test(text) ? text : undefined;
  if (key !== undefined && key.length > 0 && key.length <= 255) return key;
  const detail = 'must be 1 … 255 printable characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"';
  throw new SimfleetError('invalid-request', `Idempotency-Key ${detail}`, {
    mistakes: [{ pointer: '#header/Idempotency-Key', detail }],
  });
};

const quoted = (text: string): string | undefined =>
  /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1');
