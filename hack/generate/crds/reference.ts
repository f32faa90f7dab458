import { apiVersion, jobConditions, serviceConditions } from '@simfleet/contracts';
import type { Column, CustomResource } from './definition.ts';
import type { Json } from './structural-schema.ts';

/** Text of a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => `\`${text}\``;

/** A member of the schema, with its path. */
interface Field {
  readonly path: string;
  readonly schema: Json;
  readonly required: boolean;
}

const fieldsBelow = (schema: Json, path: string): readonly Field[] => {
  const { properties, required, items, additionalProperties } = schema;
  const own = Object.entries((properties ?? {}) as Readonly<Record<string, Json>>).flatMap(([name, member]) => {
    const at = `${path}.${name}`;
    const isRequired = Array.isArray(required) && required.includes(name);
    return [{ path: at, schema: member, required: isRequired }, ...fieldsBelow(member, at)];
  });
  const listed = items === undefined ? [] : fieldsBelow(items as Json, `${path}[]`);
  const mapped = additionalProperties === undefined ? [] : fieldsBelow(additionalProperties as Json, `${path}.*`);
  return [...own, ...listed, ...mapped];
};

const typeOf = (schema: Json): string => {
  const { type, format, items, additionalProperties } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (schema['enum'] !== undefined) return (schema['enum'] as readonly unknown[]).map(String).join(', ');
  if (type === 'array') return `list of ${typeOf(items as Json)}`;
  if (additionalProperties !== undefined) return `map of ${typeOf(additionalProperties as Json)}`;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return type === 'object' ? 'any map' : 'any value';
  return format === 'date-time' ? 'time' : String(type);
};

const boundsOf = (schema: Json): string => {
  const { minimum, maximum, maxLength, minItems, maxItems, maxProperties } = schema as Readonly<Record<string, number>>;
  return [
    minimum === undefined ? '' : `≥ ${minimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`,
    maxLength === undefined ? '' : `≤ ${maxLength} characters`,
    minItems === undefined ? '' : `≥ ${minItems} items`,
    maxItems === undefined ? '' : `≤ ${maxItems} items`,
    maxProperties === undefined ? '' : `≤ ${maxProperties} entries`,
  ]
    .filter((bound) => bound !== '')
    .join(', ');
};

/** What the rules of a member say; those that hold for changes are told as such. */
const rulesOf = (schema: Json): string =>
  ((schema['x-kubernetes-validations'] ?? []) as readonly { rule: string; message: string; fieldPath?: string }[])
    .map(({ message, rule, fieldPath }) => {
      const where = fieldPath === undefined ? '' : `${code(fieldPath.slice(1))} `;
      return `${where}${message}${rule.includes('oldSelf') && !message.includes('creat') ? ' (changes)' : ''}`;
    })
    .join('; ');

const row = ({ path, schema, required }: Field): string => {
  const fallback =
    schema['default'] === undefined ? (required ? 'required' : '') : code(JSON.stringify(schema['default']));
  const meaning = [schema['description'], rulesOf(schema)]
    .filter((text) => text !== undefined && text !== '')
    .join(' Rules: ');
  return `| ${code(path)} | ${cell(typeOf(schema))} | ${cell(fallback)} | ${cell(boundsOf(schema))} | ${cell(meaning)} |`;
};

const columnRow = ({ name, jsonPath, description, priority }: Column): string =>
  `| ${name}${priority === undefined ? '' : ' (`-o wide`)'} | ${code(jsonPath)} | ${description} |`;

const conditionRows = (conditions: Readonly<Record<string, Readonly<Record<string, string>>>>): readonly string[] =>
  Object.entries(conditions).flatMap(([type, reasons]) =>
    Object.entries(reasons).map(([reason, meaning]) => `| ${code(type)} | ${code(reason)} | ${cell(meaning)} |`),
  );

const sectionOf = ({ names, description, columns, schema }: CustomResource): readonly string[] => {
  const properties = schema['properties'] as Readonly<Record<'spec' | 'status', Json>>;
  const heads = ['| field | type | default | bounds | meaning |', '|---|---|---|---|---|'];
  const conditions = names.kind === 'SimulationJob' ? jobConditions : serviceConditions;
  return [
    `## ${names.kind}`,
    '',
    `${description} ${names.scope === 'Cluster' ? 'Cluster-wide' : 'Namespaced'}; short names ${names.shortNames.map(code).join(', ')}, category \`simfleet\`.`,
    rulesOf(schema),
    '',
    '### Spec',
    '',
    ...heads,
    ...fieldsBelow(properties.spec, 'spec').map(row),
    '',
    `Rules: ${rulesOf(properties.spec)}.`,
    '',
    '### Status',
    '',
    ...heads,
    ...fieldsBelow(properties.status, 'status').map(row),
    '',
    '### Conditions',
    '',
    '| condition | reason | meaning |',
    '|---|---|---|',
    ...conditionRows(conditions),
    '',
    '### Columns',
    '',
    '| column | from | meaning |',
    '|---|---|---|',
    ...columns.map(columnRow),
    '',
  ];
};

export const referenceOf = (resources: readonly CustomResource[]): string =>
  [
    '# Custom resources',
    '',
    `Generated from the shapes in \`packages/contracts\` and the rules in \`hack/generate/crds/rules.ts\`: what \`${apiVersion}\` holds. The CLI takes the same manifests.`,
    'A mistake is refused by the API server with the message of its rule; what only the platform can know (services, parameters, metrics, names) comes as a reason of the condition `Accepted`.',
    '',
    ...resources.flatMap(sectionOf),
  ].join('\n');
