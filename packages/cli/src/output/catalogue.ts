import { containerEngine } from '@simfleet/contracts';
import type { Customer, Service } from '@simfleet/contracts';
import type { Printable } from './format.ts';
import { age } from './numbers.ts';
import { facts, table } from './table.ts';

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

export const printableServices = (services: readonly Service[]): Printable => ({
  document: { items: services },
  names: services.map((service) => service.name),
  table: () =>
    table(
      ['NAME', 'VERSION', 'ENGINE', 'METRICS', 'DESCRIPTION'],
      services.map((service) => [
        service.name,
        String(service.version),
        service.spec.engine ?? containerEngine,
        service.metrics.map((metric) => metric.name).join(','),
        firstLine(service.spec.description),
      ]),
      { right: [1] },
    ),
});

interface ParameterSchema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly exclusiveMinimum?: unknown;
  readonly exclusiveMaximum?: unknown;
  readonly description?: unknown;
}

const range = (schema: ParameterSchema): string =>
  [
    schema.enum === undefined ? undefined : schema.enum.map((each) => JSON.stringify(each)).join(' | '),
    schema.enum === undefined && typeof schema.type === 'string' ? schema.type : undefined,
    schema.minimum === undefined ? undefined : `≥ ${JSON.stringify(schema.minimum)}`,
    schema.exclusiveMinimum === undefined ? undefined : `> ${JSON.stringify(schema.exclusiveMinimum)}`,
    schema.maximum === undefined ? undefined : `≤ ${JSON.stringify(schema.maximum)}`,
    schema.exclusiveMaximum === undefined ? undefined : `< ${JSON.stringify(schema.exclusiveMaximum)}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

/** One line per property of the parameters' schema. */
const parameterText = ({ spec }: Service): string | null => {
  if (typeof spec.parameters === 'boolean') return null;
  const { properties } = spec.parameters;
  if (typeof properties !== 'object' || properties === null) return null;
  return Object.entries(properties as Record<string, ParameterSchema>)
    .map(([name, schema]) => {
      const description = typeof schema.description === 'string' ? `  ${schema.description}` : '';
      return `${name}: ${range(schema)}${description}`;
    })
    .join('\n');
};

const engineText = ({ spec, engineVersion, kernelHash, exact }: Service): string =>
  spec.engine === undefined
    ? `${containerEngine} ${spec.container?.image ?? kernelHash}`
    : `${spec.engine} ${engineVersion} (kernel ${kernelHash.slice(0, 12)})${exact ? ', exact' : ''}`;

export const printableService = (service: Service): Printable => ({
  document: service,
  names: [service.name],
  table: () =>
    facts([
      ['name', service.name],
      ['version', `${service.version}${service.builtIn ? ' (built in)' : ''}`],
      ['description', service.spec.description],
      ['engine', engineText(service)],
      ['parameters', parameterText(service)],
      [
        'defaults',
        Object.entries(service.spec.defaults)
          .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
          .join('\n'),
      ],
      ['metrics', service.metrics.map(({ name, description }) => `${name}: ${description}`).join('\n')],
      [
        'labels',
        Object.entries(service.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join('\n'),
      ],
      ['created', service.createdAt],
    ]),
});

const entitled = (customer: Customer): string => (customer.services === null ? 'all' : customer.services.join(','));

export const printableCustomers = (customers: readonly Customer[], now: number): Printable => ({
  document: { items: customers },
  names: customers.map((customer) => customer.id),
  table: () =>
    table(
      ['ID', 'NAME', 'SERVICES', 'AGE'],
      customers.map((customer) => [
        customer.id,
        customer.displayName,
        entitled(customer),
        age(now - Date.parse(customer.createdAt)),
      ]),
      { right: [3] },
    ),
});

export const printableCustomer = (customer: Customer): Printable => ({
  document: customer,
  names: [customer.id],
  table: () =>
    facts([
      ['id', customer.id],
      ['name', customer.displayName],
      ['services', entitled(customer)],
      [
        'labels',
        Object.entries(customer.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join('\n'),
      ],
      ['created', customer.createdAt],
    ]),
});
