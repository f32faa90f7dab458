import { z } from 'zod';

/**
 * Options of one module: keys in camelCase, every value with a default or optional, described with `.describe()`; secrets carry
 * `.meta({ secret: true })`. `dataDir` is the flag `--data-dir`, the variable `SIMFLEET_DATA_DIR` and the file key `data-dir`.
 * Beside each secret `x` there is `x-file`, the name of a file that holds it: arguments and environments are seen by others.
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
  /** Name of the secret option whose value is in the file that this one names. */
  readonly fileOf?: string;
  readonly schema: z.core.$ZodType;
}

export type ValueType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'null';

export const variablePrefix = 'SIMFLEET_';

/** All options, in the order of parts and schemas; an option that several parts share appears once for each. */
export const optionsOf = (parts: ConfigurationParts): readonly Option[] =>
  Object.entries(parts).flatMap(([part, schema]) =>
    Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, value]) => {
      const option = optionOf(part, key, value);
      return option.secret ? [option, fileOption(option)] : [option];
    }),
  );

/** Shared by all `…-file` options, so that modules may share a secret. */
const fileName = z.string().min(1);

const fileOption = ({ part, key, name, variable }: Option): Option => ({
  ...{ part, key: `${key}File`, name: `${name}-file`, variable: `${variable}_FILE` },
  ...{ types: ['string'], secret: false, fileOf: name, schema: fileName },
  description: `File that holds \`--${name}\`, where other users could see arguments or variables.`,
});

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
