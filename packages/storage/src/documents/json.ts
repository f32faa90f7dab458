import { SimfleetError } from '@simfleet/contracts';

const refuse = (pointer: string, what: string): never => {
  throw new SimfleetError('invalid-request', `The store keeps JSON only: ${pointer || 'the document'} is ${what}.`, {
    mistakes: [{ pointer, detail: `is ${what}` }],
  });
};

const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Documents are searched by their text, which PostgreSQL cannot do for U+0000; data that is only kept (`canonical`) may hold it. */
const textOf = (value: string, pointer: string, canonical: boolean): string => {
  if (!value.isWellFormed()) return refuse(pointer, 'text with half a surrogate pair');
  if (!canonical && value.includes('\0')) return refuse(pointer, 'text with U+0000');
  return JSON.stringify(value);
};

const objectOf = (value: object, pointer: string, canonical: boolean): string => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) refuse(pointer, `a ${value.constructor.name}`);
  const names = Object.keys(value);
  // RFC 8785 §3.2.3 sorts by UTF-16 code units, which is what JavaScript's default sort does.
  if (canonical) names.sort();
  let text = '';
  for (const name of names) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    const inner = `${pointer}/${escapePointer(name)}`;
    text += `${text === '' ? '' : ','}${textOf(name, inner, canonical)}:${jsonOf(member, inner, canonical)}`;
  }
  return `{${text}}`;
};

const jsonOf = (value: unknown, pointer: string, canonical: boolean): string => {
  if (value === null) return 'null';
  if (typeof value === 'string') return textOf(value, pointer, canonical);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : refuse(pointer, String(value));
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => jsonOf(item, `${pointer}/${index}`, canonical)).join(',')}]`;
  }
  return typeof value === 'object' ? objectOf(value, pointer, canonical) : refuse(pointer, typeof value);
};

/**
 * Whether `JSON.stringify` writes the value as we would, but for its strings: a look at every member costs a fraction of writing it here. What is not
 * plain is written, or refused by name, the slow way.
 */
const isPlain = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) if (!isPlain(value[index])) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  // Unlike `Object.keys` this makes no list. Members that a program gave to all objects are looked at too, which harms nobody.
  for (const name in value) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member !== undefined && !isPlain(member)) return false;
  }
  return true;
};

/** Halves of surrogate pairs and U+0000 are all that is written like this, beside other control characters. */
const mayBeUnclean = (text: string): boolean => text.includes('\\u');

/**
 * JSON text of a value as every store keeps it. Members that are `undefined` are left out.
 * Throws `invalid-request` naming the place when the value holds NaN, an infinity, a bigint, a Date or another class, a function,
 * `undefined` in an array, text that is not well-formed UTF-16 or holds U+0000.
 */
export const storedJson = (value: unknown): string => {
  if (isPlain(value)) {
    const text = JSON.stringify(value);
    if (!mayBeUnclean(text)) return text;
  }
  return jsonOf(value, '', false);
};

/** The same in canonical form (RFC 8785), for data that is only kept: equal values give equal text. U+0000 may be in it. */
export const canonicalJson = (value: unknown): string => jsonOf(value, '', true);
