import { z } from 'zod';
import { setAt } from './rules.ts';
import type { ExtensionsByPath } from './rules.ts';

export type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords that structural schemas share with JSON Schema. */
const shared = [
  'description',
  'type',
  'format',
  'enum',
  'default',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
] as const;

/**
 * A zod shape as a structural schema (Kubernetes, «Extend the Kubernetes API with CustomResourceDefinitions»): no references, no closed objects (unknown members are
 * refused by `kubectl` and pruned by the API server), any value only where the shape allows any JSON. `extensions` are added by path. Throws when the shape needs more than that.
 */
export const structuralSchema = (shape: z.ZodType, root: string, extensions: ExtensionsByPath): Json => {
  const { $schema: _dialect, $defs = {}, ...whole } = z.toJSONSchema(shape, { io: 'input' });
  const definitions = $defs as Readonly<Record<string, Json>>;

  const resolved = (schema: Json): Json => {
    const { $ref, ...beside } = schema;
    if (typeof $ref !== 'string') return schema;
    return { ...resolved(definitions[$ref.replace('#/$defs/', '')] ?? {}), ...beside };
  };

  const members = (properties: Json, path: string): Json =>
    Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, convert(member as Json, setAt(path, name))]),
    );

  const nested = (schema: Json, path: string): Json => {
    const { type, properties, additionalProperties, items } = schema;
    if (isObject(properties)) return { properties: members(properties, path) };
    if (type === 'array') return { items: convert(items as Json, `${path}[]`) };
    if (type !== 'object') return {};
    if (!isObject(additionalProperties) || isAnyJson(resolved(additionalProperties))) return anyValue;
    return { additionalProperties: convert(additionalProperties, `${path}{}`) };
  };

  const convert = (given: Json, path: string): Json => {
    const schema = resolved(given);
    if (Array.isArray(schema['anyOf'])) return { ...choice(schema, path), ...extensions[path] };
    const kept = Object.fromEntries(shared.filter((key) => schema[key] !== undefined).map((key) => [key, schema[key]]));
    // Every integer of ours fits in 64 bits; the API server holds the times to their form by the format.
    if (schema['type'] === 'integer') kept['format'] = 'int64';
    if (schema['format'] === 'date-time') delete kept['pattern'];
    if (schema['const'] !== undefined) kept['enum'] = [schema['const']];
    return { ...kept, ...nested(schema, path), ...extensions[path] };
  };
  return convert(whole, root);
};

const anyValue = { 'x-kubernetes-preserve-unknown-fields': true } as const;

const isAnyJson = ({ anyOf }: Json): boolean =>
  Array.isArray(anyOf) && anyOf.some((each: unknown) => isObject(each) && each['type'] === 'null');

/** Of the unions that JSON Schema knows a structural schema has two: whole numbers beside strings, and anything at all. */
const choice = ({ anyOf, description }: Json, path: string): Json => {
  const beside = description === undefined ? {} : { description };
  const alternatives = (anyOf as readonly Json[]).map((each) => each);
  const types = alternatives.map(({ type }) => type).sort();
  if (types.join() === 'boolean,object') return { ...beside, ...anyValue };
  if (types.join() !== 'integer,string') throw new Error(`${path}: no structural schema for ${types.join(' or ')}`);
  const pattern = alternatives.find(({ type }) => type === 'string')?.['pattern'];
  return {
    ...beside,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern,
    'x-kubernetes-int-or-string': true,
  };
};
