import type { z } from 'zod';

/** Names that the object at `path` of a schema may have: candidates for «did you mean». */
export const memberNames = (schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] =>
  path
    .reduce<readonly z.core.$ZodType[]>((nodes, step) => nodes.flatMap((node) => inside(node, step)), [schema])
    .flatMap(plain)
    .flatMap((node) => ('shape' in node._zod.def ? Object.keys(node._zod.def.shape as object) : []));

/** The schemas behind one step into a value. */
const inside = (schema: z.core.$ZodType, step: PropertyKey): readonly z.core.$ZodType[] =>
  plain(schema).flatMap((node) => {
    const def = node._zod.def as Partial<{
      shape: Readonly<Record<PropertyKey, z.core.$ZodType>>;
      element: z.core.$ZodType;
      valueType: z.core.$ZodType;
    }>;
    return [def.shape?.[step], def.element, def.valueType].filter((each) => each !== undefined);
  });

/** Without wrappers (`optional`, `default`, `pipe`), and each branch of a union. */
const plain = (schema: z.core.$ZodType): readonly z.core.$ZodType[] => {
  const def = schema._zod.def as Partial<{
    innerType: z.core.$ZodType;
    in: z.core.$ZodType;
    options: readonly z.core.$ZodType[];
  }>;
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return plain(inner);
  return def.options === undefined ? [schema] : def.options.flatMap(plain);
};
