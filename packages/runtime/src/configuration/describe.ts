import { jsonSchemaOf, optionsOf } from './option.ts';
import type { ConfigurationParts, Option } from './option.ts';

/** A row of the configuration reference. */
export interface OptionRow {
  readonly part: string;
  readonly flag: string;
  readonly variable: string;
  readonly key: string;
  /** `integer`, `string`, `"sqlite" | "memory"`, … */
  readonly type: string;
  /** As JSON; empty when there is none. */
  readonly default: string;
  readonly description: string;
  readonly secret: boolean;
}

/** Rows for every option in the order of parts and schemas. */
export const describeOptions = (parts: ConfigurationParts): readonly OptionRow[] => optionsOf(parts).map(rowOf);

const rowOf = (option: Option): OptionRow => {
  const schema = jsonSchemaOf(option.schema);
  return {
    part: option.part,
    flag: `--${option.name}`,
    variable: option.variable,
    key: option.name,
    type: typeText(schema),
    default: schema.default === undefined ? '' : JSON.stringify(schema.default),
    description: option.description,
    secret: option.secret,
  };
};

const typeText = (schema: ReturnType<typeof jsonSchemaOf>): string => {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) {
    return branches.map((branch) => (typeof branch === 'boolean' ? 'any' : typeText(branch))).join(' | ');
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return [schema.type ?? 'any'].flat().join(' | ');
};
