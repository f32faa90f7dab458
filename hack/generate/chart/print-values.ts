import type { z } from 'zod';

/** The part of JSON Schema that the values use. */
export interface ValueSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly default?: unknown;
}

/** One value with its path, for the table. */
export interface ValueRow {
  readonly path: string;
  readonly byDefault: unknown;
  readonly description: string;
}

export const schemaOf = (json: z.core.JSONSchema.BaseSchema): ValueSchema => json as ValueSchema;

const isGroup = ({ properties }: ValueSchema): boolean => properties !== undefined;

/** Values without a default are not written: they are told in the schema alone. */
const written = ({ properties = {} }: ValueSchema): readonly (readonly [string, ValueSchema])[] =>
  Object.entries(properties).filter(([, schema]) => isGroup(schema) || schema.default !== undefined);

/** The leaves, in the order of the file. */
export const rowsOf = (schema: ValueSchema, prefix = ''): readonly ValueRow[] =>
  written(schema).flatMap(([name, each]) =>
    isGroup(each)
      ? rowsOf(each, `${prefix}${name}.`)
      : [{ path: prefix + name, byDefault: each.default, description: each.description ?? '' }],
  );

/** values.yaml as Prettier would have it: each value below its description. */
export const printValues = (schema: ValueSchema, indent = ''): string =>
  written(schema)
    .map(([name, each]) => {
      const comment = each.description === undefined ? '' : commentOf(each.description, indent);
      return isGroup(each)
        ? `${comment}${indent}${name}:\n${printValues(each, `${indent}  `)}`
        : `${comment}${indent}${name}: ${flow(each.default)}\n`;
    })
    .join(indent === '' ? '\n' : '');

const lineLength = 120;

const commentOf = (text: string, indent: string): string => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || `${indent}# ${line} ${word}`.length > lineLength) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}\n`).join('');
};

const flow = (value: unknown): string => {
  if (typeof value === 'string')
    return /^[A-Za-z][A-Za-z/.-]*$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, each]) => `${name}: ${flow(each)}`);
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return String(value);
};
