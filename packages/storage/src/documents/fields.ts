import { SimfleetError } from '@simfleet/contracts';
import type { FieldDeclaration, Position } from '../collection.ts';
import type { StoredKey } from './order.ts';

type FieldType = FieldDeclaration['type'];
type Value = Position['key'];

const least64 = -(2n ** 63n);
const most64 = 2n ** 64n - 1n;
const digits64 = 20;

/** A place for messages, as a pointer or as the path that one is made of, which costs time, when something is wrong. */
type Place = string | readonly string[];

const wrong = (place: Place, detail: string): never => {
  const pointer = typeof place === 'string' ? place : `/${place.join('/')}`;
  throw new SimfleetError('invalid-request', `${pointer} ${detail}.`, { mistakes: [{ pointer, detail }] });
};

const storeInteger64 = (value: unknown, place: Place): string => {
  const detail = 'must be a whole number in a string, from -9223372036854775808 to 18446744073709551615';
  if (typeof value !== 'string' || !/^(0|-?[1-9][0-9]{0,19})$/.test(value)) return wrong(place, detail);
  const integer = BigInt(value);
  if (integer < least64 || integer > most64) return wrong(place, detail);
  return (integer - least64).toString().padStart(digits64, '0');
};

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** V8 reads more than nine digits of a fraction wrong, `.000002000000` as 2 ms. Most times have three, and are left as they are. */
const withoutRest = (time: string): string =>
  time.length > '2026-01-01T00:00:00.000Z'.length ? time.replace(/(\.\d{3})\d+/, '$1') : time;

const storeTime = (value: unknown, place: Place): number => {
  const milliseconds = typeof value === 'string' && rfc3339.test(value) ? Date.parse(withoutRest(value)) : Number.NaN;
  return Number.isNaN(milliseconds) ? wrong(place, 'must be an RFC 3339 time') : milliseconds;
};

/**
 * The sort key of a value: text and numbers as they are, `integer64` as ordered text (offset by 2^63, 20 digits), times as
 * milliseconds since 1970, booleans as 0 and 1. Throws `invalid-request` when the value is not of the field's type.
 */
export const storeKey = (type: FieldType, value: unknown, place: Place): StoredKey => {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'text':
      if (typeof value !== 'string') return wrong(place, 'must be text');
      if (value.includes('\0')) return wrong(place, 'must not hold U+0000');
      return value.isWellFormed() ? value : wrong(place, 'must not hold half a surrogate pair');
    case 'number':
      // Adding 0 makes −0 the 0 that JSON and SQL know.
      return typeof value === 'number' && Number.isFinite(value) ? value + 0 : wrong(place, 'must be a number');
    case 'integer64':
      return storeInteger64(value, place);
    case 'time':
      return storeTime(value, place);
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : wrong(place, 'must be true or false');
  }
};

/** The value of a sort key as callers see it in a `Position`; times as RFC 3339 UTC to the millisecond. */
export const showKey = (type: FieldType, key: StoredKey): Value => {
  if (key === null) return null;
  if (type === 'integer64') return (BigInt(key) + least64).toString();
  if (type === 'time') return new Date(Number(key)).toISOString();
  return type === 'boolean' ? key === 1 : key;
};

/** The sort key of a declared field in a document. Throws `invalid-request` naming the place. */
export const keyIn = (field: FieldDeclaration, document: unknown): StoredKey => {
  let value: unknown = document;
  for (const name of field.path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return null;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return storeKey(field.type, value, field.path);
};
