import { SimfleetError } from '@simfleet/contracts';
import canonicalize from 'canonicalize';

/**
 * RFC 8785 (JSON Canonicalization Scheme) text of a JSON value: one text for equal values, whatever the order of members.
 * Throws `invalid-request` for what JSON cannot hold (NaN, Infinity, a lone surrogate, undefined).
 */
export const canonicalJson = (value: unknown): string => {
  const text = serialize(value);
  if (text === undefined) throw new SimfleetError('invalid-request', 'The value has no JSON form.');
  return text;
};

const serialize = (value: unknown): string | undefined => {
  try {
    return canonicalize(value);
  } catch (cause) {
    throw new SimfleetError('invalid-request', 'The value has no JSON form.', { cause });
  }
};
