import type { Service, ServiceSpec } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';

/** Catalogue entries belong to the platform, not to one customer. */
export const platformCustomer = 'platform';

/** A catalogue entry as stored: the newest version in `services`, each version in `service_versions`. */
export interface ServiceDocument {
  readonly customer: string;
  readonly name: string;
  /** Catalogue version: rises with each accepted change of the spec. */
  readonly version: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly builtIn: boolean;
  readonly spec: ServiceSpec;
  readonly engineVersion: string;
  readonly kernelHash: string;
  readonly exact: boolean;
  readonly metrics: readonly { readonly name: string; readonly description: string }[];
  readonly createdAt: string;
}

export type StoredService = Stored<ServiceDocument>;
export type ServiceCollection = Collection<ServiceDocument>;

const fields = {
  name: { path: ['name'], type: 'text' },
  createdAt: { path: ['createdAt'], type: 'time' },
  version: { path: ['version'], type: 'number' },
} as const;

/** Id = name. */
export const servicesCollection = {
  name: 'services',
  fields,
  sorts: ['name', 'createdAt'],
} as const satisfies CollectionDeclaration;

/** Id = `name@version`. */
export const serviceVersionsCollection = {
  name: 'service_versions',
  fields,
  sorts: ['version'],
  indexes: [{ equal: ['name'], sort: 'version' }],
} as const satisfies CollectionDeclaration;

export const versionId = (name: string, version: number): string => `${name}@${version}`;

export const serviceView = ({ doc }: StoredService): Service => ({
  name: doc.name,
  version: doc.version,
  labels: { ...doc.labels },
  builtIn: doc.builtIn,
  spec: doc.spec,
  engineVersion: doc.engineVersion,
  kernelHash: doc.kernelHash,
  exact: doc.exact,
  metrics: [...doc.metrics],
  createdAt: doc.createdAt,
});
