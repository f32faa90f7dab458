import { z } from 'zod';

/**
 * Options of one module: keys in camelCase, every value with a default or optional, described with `.describe()`; secrets carry
 * `.meta({ secret: true })`. `dataDir` is the flag `--data-dir`, the variable `SIMFLEET_DATA_DIR` and the file key `data-dir`.
 */
export type OptionSchema = z.ZodObject;

/** Schemas of the modules by module name. Two modules may share an option by sharing the very schema of it. */
export type ConfigurationParts = Readonly<Record<string, OptionSchema>>;

export interface Option {
  readonly part: string;
  /** As in the schema: `dataDir`. */
  readonly key: string;
  /** As in a file and behind `--`: `data-dir`. */
  readonly name: string;
  /** `SIMFLEET_DATA_DIR`. */
  readonly variable: string;
  readonly types: readonly ValueType[];
  readonly description: string;
  readonly secret: boolean;
  readonly schema: z.core.$ZodType;
}

export type ValueType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'null';

export const variablePrefix = 'SIMFLEET_';

/** All options, in the order of parts and schemas; an option that several parts share appears once for each. */
export const optionsOf = (parts: ConfigurationParts): readonly Option[] =>
  Object.entries(parts).flatMap(([part, schema]) =>
    Object.entries<z.core.$ZodType>(schema.shape).map(([key, value]) => optionOf(part, key, value)),
  );

const optionOf = (part: string, key: string, schema: z.core.$ZodType): Option => {
  const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const meta = metaOf(schema);
  return {
    part,
    key,
    name,
    variable: variablePrefix + name.replaceAll('-', '_').toUpperCase(),
    types: valueTypes(schema),
    description: typeof meta.description === 'string' ? meta.description : '',
    secret: meta.secret === true,
    schema,
  };
};

/** Metadata of the schema and of what it wraps (`default`, `optional`, …); the outer one wins. */
const metaOf = (schema: z.core.$ZodType): Readonly<Record<string, unknown>> => {
  const inner = 'innerType' in schema._zod.def ? (schema._zod.def.innerType as z.core.$ZodType) : undefined;
  return { ...(inner === undefined ? {} : metaOf(inner)), ...z.globalRegistry.get(schema) };
};

export const jsonSchemaOf = (schema: z.core.$ZodType): z.core.JSONSchema.BaseSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

const valueTypes = (schema: z.core.$ZodType): readonly ValueType[] => {
  const found = new Set<ValueType>();
  const visit = (node: z.core.JSONSchema._JSONSchema): void => {
    if (typeof node === 'boolean') return;
    for (const branch of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) visit(branch);
    for (const type of [node.type ?? []].flat()) found.add(type === 'integer' ? 'number' : type);
  };
  visit(jsonSchemaOf(schema));
  return found.size === 0 ? ['string'] : [...found];
};
