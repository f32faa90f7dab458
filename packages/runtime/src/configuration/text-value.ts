import type { Option } from './option.ts';

/**
 * What a flag or variable means for an option: numbers, `true`/`false`, comma-separated or JSON lists, JSON objects. Text that does not
 * fit comes back as it is, so that the schema names the mistake.
 */
export const valueOfText = (option: Option, text: string): unknown => {
  for (const type of option.types) {
    const value = readers[type](text);
    if (value !== undefined) return value;
  }
  return text;
};

const readers: Readonly<Record<Option['types'][number], (text: string) => unknown>> = {
  string: (text) => text,
  number: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : undefined),
  boolean: (text) => ({ true: true, 1: true, yes: true, false: false, 0: false, no: false })[text.toLowerCase()],
  array: (text) => (text.startsWith('[') ? json(text) : text === '' ? [] : text.split(',').map((item) => item.trim())),
  object: (text) => json(text),
  null: (text) => (text === 'null' ? null : undefined),
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
