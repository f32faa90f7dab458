import { createHash } from 'node:crypto';
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schemas of zod shapes, fit to stand in an OpenAPI document. */
export interface Schemas {
  /** What a client may send (`input`: defaults left out) or will get (`output`). */
  of(shape: z.ZodType, io: 'input' | 'output'): Json;
  /** Definitions that the schemas so far refer to, by name, for `components.schemas`. */
  shared(): Json;
}

/**
 * zod keeps recursive shapes in `$defs` of each schema and refers to them from the root of that schema; in an OpenAPI document the root is
 * the document. They move to `components.schemas`, so that equal ones are there once.
 */
export const createSchemas = (): Schemas => {
  const shared: Record<string, Json> = {};
  return {
    of(shape, io) {
      const { $schema: _dialect, $defs, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
      if ($defs === undefined) return schema;
      const names = new Map(Object.keys($defs).map((name) => [name, sharedName($defs, name, io)]));
      for (const [name, definition] of Object.entries($defs)) {
        shared[names.get(name) ?? name] = moved(definition, names);
      }
      return moved(schema, names);
    },
    shared: () => ({ ...shared }),
  };
};

/**
 * Shapes that say their name (`.meta({ id })`) keep it; `Input` marks those that a client sends, where defaults may be left out. The others are
 * named by all definitions of the schema together, as they refer to each other.
 */
const sharedName = (definitions: object, name: string, io: 'input' | 'output'): string => {
  if (!name.startsWith('__')) return io === 'input' ? `${name}Input` : name;
  const hash = createHash('sha256')
    .update(JSON.stringify([definitions, name]))
    .digest('hex');
  return `Shape${hash.slice(0, 8)}`;
};

const moved = (schema: Json, names: ReadonlyMap<string, string>): Json =>
  JSON.parse(JSON.stringify(schema), (key: string, value: unknown) => {
    const name = key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '') : undefined;
    return name === undefined || !names.has(name) ? value : `#/components/schemas/${names.get(name)}`;
  }) as Json;
