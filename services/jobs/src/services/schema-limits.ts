import type { Mistake } from '@simfleet/contracts';

/**
 * A service's schema is code that strangers write and we run. These limits keep compiling and checking cheap: only local references without
 * cycles, and a bound on the size the schema would have with its references written out (chains of references can double at each step).
 */
const limits = { characters: 65_536, depth: 32, nodes: 5_000 } as const;

const draft = 'https://json-schema.org/draft/2020-12/schema';
/** Keywords that change what a reference means or reach outside the document. */
const refusedKeywords = [
  '$id',
  '$anchor',
  '$dynamicRef',
  '$dynamicAnchor',
  '$recursiveRef',
  '$recursiveAnchor',
  '$vocabulary',
];

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mistakes of a schema that must not be compiled; pointers are relative to the schema. */
export const schemaMistakes = (schema: Schema | boolean): readonly Mistake[] => {
  if (typeof schema === 'boolean') return [];
  if (JSON.stringify(schema).length > limits.characters) {
    return [{ pointer: '', detail: `must be at most ${limits.characters} characters of JSON` }];
  }
  const mistakes: Mistake[] = [];
  const declared = schema['$schema'];
  if (declared !== undefined && declared !== draft) mistakes.push({ pointer: '/$schema', detail: `must be ${draft}` });
  // ajv would answer such a schema with a promise, which is no verdict.
  if (schema['$async'] !== undefined) mistakes.push({ pointer: '/$async', detail: 'is not supported' });
  walk(schema, '', 0, (node, pointer, depth) => mistakes.push(...nodeMistakes(schema, node, pointer, depth)));
  if (mistakes.length > 0) return mistakes;
  const size = expandedSize(schema, schema, new Set(), { left: limits.nodes });
  if (size === 'cycle') return [{ pointer: '', detail: 'must not refer to itself' }];
  return size === 'large'
    ? [{ pointer: '', detail: `is too large: over ${limits.nodes} parts, references written out` }]
    : [];
};

const nodeMistakes = (root: Schema, node: Schema, pointer: string, depth: number): readonly Mistake[] => {
  if (depth > limits.depth) return [{ pointer, detail: `is nested more than ${limits.depth} levels deep` }];
  const refused = refusedKeywords
    .filter((keyword) => node[keyword] !== undefined && !isSchema(node[keyword]))
    .map((keyword) => ({ pointer: `${pointer}/${keyword}`, detail: 'is not supported' }));
  const reference = node['$ref'];
  if (typeof reference !== 'string') return refused;
  if (!/^#(\/|$)/.test(reference)) {
    return [
      ...refused,
      { pointer: `${pointer}/$ref`, detail: 'must be local: "#/…"; other documents are not fetched' },
    ];
  }
  return lookUp(root, reference) === undefined
    ? [...refused, { pointer: `${pointer}/$ref`, detail: `refers to nothing: ${reference}` }]
    : refused;
};

/** Visits every object below, whether it is a schema or holds some. */
const walk = (
  value: unknown,
  pointer: string,
  depth: number,
  visit: (node: Schema, pointer: string, depth: number) => void,
): void => {
  if (typeof value !== 'object' || value === null) return;
  if (isSchema(value)) visit(value, pointer, depth);
  if (depth > limits.depth) return;
  for (const [key, child] of Object.entries(value)) {
    walk(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1, visit);
  }
};

/** What a local reference (RFC 6901, in a URI fragment) names, or undefined. */
const lookUp = (root: Schema, reference: string): unknown => {
  let found: unknown = root;
  for (const part of reference.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined;
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    found = Object.hasOwn(found, key) ? (found as Schema)[key] : undefined;
  }
  return found;
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const expandedSize = (
  root: Schema,
  value: unknown,
  path: ReadonlySet<string>,
  budget: { left: number },
): 'fine' | 'cycle' | 'large' => {
  if (typeof value !== 'object' || value === null) return 'fine';
  budget.left -= 1;
  if (budget.left < 0) return 'large';
  for (const [key, child] of Object.entries(value)) {
    const verdict =
      key === '$ref' && typeof child === 'string'
        ? expandedReference(root, child, path, budget)
        : expandedSize(root, child, path, budget);
    if (verdict !== 'fine') return verdict;
  }
  return 'fine';
};

const expandedReference = (
  root: Schema,
  reference: string,
  path: ReadonlySet<string>,
  budget: { left: number },
): 'fine' | 'cycle' | 'large' =>
  path.has(reference) || path.size > limits.depth
    ? 'cycle'
    : expandedSize(root, lookUp(root, reference), new Set([...path, reference]), budget);
