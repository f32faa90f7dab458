import type { Service, ServiceSpec } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';
import type { Removable } from '../removal/remove-unused.ts';

/** Catalogue entries belong to the platform, not to one customer. */
export const platformCustomer = 'platform';

/**
 * A catalogue entry as stored: the newest version in `services`, each version in `service_versions`. The former decides; a version's document is
 * written from it once it is decided, and never changes.
 */
export interface ServiceDocument extends Removable {
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
  /** Differs from that of an earlier service of the same name, whose versions began at 1 too. Absent when release 0.1.0 made it. */
  readonly incarnation?: string;
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
  dumpAfter: ['jobs'],
} as const satisfies CollectionDeclaration;

/** Id: see `versionId`. */
export const serviceVersionsCollection = {
  name: 'service_versions',
  fields: { ...fields, incarnation: { path: ['incarnation'], type: 'text' } },
  sorts: ['version'],
  indexes: [{ equal: ['name'], sort: 'version' }],
} as const satisfies CollectionDeclaration;

/** `name@version@incarnation`, so that versions of a deleted service that a crash left over are none of the next one; without the last from 0.1.0. */
export const versionId = (
  { name, incarnation }: Pick<ServiceDocument, 'name' | 'incarnation'>,
  version: number,
): string => `${name}@${version}${incarnation === undefined ? '' : `@${incarnation}`}`;

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
