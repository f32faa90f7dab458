import type { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import type { Path } from './document.ts';

export interface ManifestMistake {
  readonly path: Path;
  readonly detail: string;
}

interface SchemaInternals {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

const internals = (schema: z.core.$ZodType): SchemaInternals => schema._zod.def;

/** Keys that the schema knows at the path; empty where it is free. */
const knownKeys = (schema: z.core.$ZodType, path: Path): readonly string[] => {
  const { innerType, element, shape } = internals(schema);
  if (innerType !== undefined) return knownKeys(innerType, path);
  const [first, ...rest] = path;
  if (first === undefined) return shape === undefined ? [] : Object.keys(shape);
  const next = typeof first === 'number' ? element : shape?.[first];
  return next === undefined ? [] : knownKeys(next, rest);
};

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : 'not a finite number';
  return { object: 'a map', string: 'a string', boolean: 'true or false' }[typeof value as string] ?? typeof value;
};

const wanted: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );

/** YAML reads 42 and 0.001 as numbers and so loses digits; our decimals and 64-bit integers are strings. */
const wrongType = (expected: string, value: unknown, written: string | undefined): string => {
  if (value === undefined) return 'is missing';
  const shown = wanted[expected] ?? expected;
  if (expected === 'string' && typeof value === 'number' && Number.isFinite(value))
    return `must be a string: write "${written ?? String(value)}"`;
  if (expected === 'int' && typeof value === 'number') return `must be a whole number, not ${written ?? String(value)}`;
  if (typeof value === 'string' && (expected === 'int' || expected === 'number') && Number.isFinite(Number(value)))
    return `must be ${shown}: write ${value} without quotes`;
  return `must be ${shown}, not ${kindOf(value)}`;
};

const size = (issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string => {
  const bound = issue.code === 'too_big' ? issue.maximum : issue.minimum;
  const word = issue.code === 'too_big' ? 'at most' : 'at least';
  if (issue.origin === 'string') return `must have ${word} ${bound} characters`;
  if (issue.origin === 'array') return `must have ${word} ${bound} items`;
  return `must be ${word} ${bound}`;
};

/** A union is wrong in as many ways as it has members: say what is wrong with the value instead. */
const wrongUnion = (value: unknown): string =>
  typeof value === 'number' && !Number.isFinite(value)
    ? 'must be a finite number'
    : `must be a value of JSON, not ${kindOf(value)}`;

const detailOf = (issue: z.core.$ZodIssue, value: unknown, written: string | undefined): string => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value, written);
    case 'too_big':
    case 'too_small':
      return size(issue);
    case 'invalid_value':
      return `must be ${issue.values.map((each) => JSON.stringify(each)).join(' or ')}`;
    case 'invalid_union':
      return wrongUnion(value);
    case 'invalid_key':
      return `has a key that does not fit: ${issue.issues.map((inner) => inner.message).join(', ')}`;
    default:
      return issue.message;
  }
};

/** Turns what zod found into mistakes that name the field, in the order of the manifest's schema. */
export const explain = (
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  writtenAt: (path: Path) => string | undefined,
): readonly ManifestMistake[] =>
  issues.flatMap((issue): readonly ManifestMistake[] => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, path);
      return issue.keys.map((key) => ({ path: [...path, key], detail: `unknown key${didYouMean(key, known)}` }));
    }
    return [{ path, detail: detailOf(issue, valueAt(value, path), writtenAt(path)) }];
  });
