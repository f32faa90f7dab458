import { z } from 'zod';

/** Largest bound on paths and blocks: 2^53 − 1, so that counts survive JSON numbers in every language. */
export const maxCount = Number.MAX_SAFE_INTEGER;
export const maxShards = 1000;

const u64Max = 2n ** 64n - 1n;

/** RFC 1123 label, as Kubernetes names objects: lower-case letters, digits, '-', at most 63 characters. */
export const name = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'must be lower-case letters, digits and "-", starting and ending with a letter or digit',
  )
  .meta({ examples: ['asian-call'] });

/** RFC 1123 subdomain: labels with dots between them, at most 253 characters. */
export const subdomain = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be lower-case letters, digits, "-" and ".", each part starting and ending with a letter or digit',
  );

/** Name of a metric, parameter or threshold. */
export const identifier = z
  .string()
  .max(63)
  .regex(/^[A-Za-z][-A-Za-z0-9_]*$/, 'must start with a letter and hold only letters, digits, "-" and "_"')
  .meta({ examples: ['price'] });

/** Unsigned 64-bit integer as a decimal string: JavaScript and JSON numbers lose bits above 2^53. */
export const u64 = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,19})$/, 'must be a whole number in a string, such as "42"')
  .refine(
    (text) => !/^[0-9]{1,20}$/.test(text) || BigInt(text) <= u64Max,
    'must fit in 64 bits: at most 18446744073709551615',
  )
  .meta({ examples: ['42'], maxLength: 20 });

/** Positive count of paths as a decimal string, 1 … 2^53 − 1. */
export const pathCount = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/, 'must be a positive whole number in a string, such as "1000000"')
  .refine((text) => !/^[0-9]{1,16}$/.test(text) || BigInt(text) <= BigInt(maxCount), `must be at most ${maxCount}`)
  .meta({ examples: ['1000000'], maxLength: 16 });

/** Decimal number as a string (Kubernetes API convention: no floats in a spec). */
export const decimal = z
  .string()
  .max(64)
  .regex(/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/, 'must be a decimal number in a string, such as "0.001"')
  .refine((text) => Number.isFinite(Number(text)), 'must be finite')
  .meta({ examples: ['5.5'] });

export const positiveDecimal = decimal
  .refine((text) => Number(text) > 0, 'must be greater than 0')
  .meta({ examples: ['0.001'] });

/** Confidence of an interval, strictly between 0 and 1; the numerics hold for 0.5 … 1 − 10^−9. */
export const confidence = decimal
  .refine((text) => Number(text) >= 0.5 && Number(text) <= 1 - 1e-9, 'must be at least 0.5 and below 1, such as "0.99"')
  .meta({ examples: ['0.99'] });

/** Every save of a record writes its labels into an index. */
const mostLabels = 64;

export const labelKey = z
  .string()
  .max(317)
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'must be a Kubernetes label key');

export const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 'must be a Kubernetes label value');

export const labels = z
  .record(labelKey, labelValue)
  .refine((map) => Object.keys(map).length <= mostLabels, `must be at most ${mostLabels} labels`)
  .meta({ maxProperties: mostLabels });

/** RFC 3339 UTC time to the millisecond: what every store keeps without loss. */
export const timestamp = z.iso.datetime({ precision: 3 });

/** Ten years: the times that a span is added to stay dates that every store can hold. */
const longestSeconds = 10 * 365 * 86_400;

export const seconds = z
  .int()
  .min(1)
  .max(longestSeconds)
  .meta({ examples: [3600] });

/** A span that may also be over at once. */
export const secondsOrNone = z.int().min(0).max(longestSeconds);
