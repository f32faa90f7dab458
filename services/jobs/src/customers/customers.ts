import { SimfleetError, errorCode, standardPlan } from '@simfleet/contracts';
import type { Customer } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';
import type { Claims } from '../claims.ts';
import type { NameUses } from '../jobs/name-uses.ts';
import { againWhenChanged } from '../removal/again-when-changed.ts';
import { drawIncarnation } from '../removal/incarnation.ts';
import type { CheckVersion } from '../removal/incarnation.ts';
import { openRemoval, unmarked } from '../removal/remove-unused.ts';
import type { Removable, Removal } from '../removal/remove-unused.ts';
import { platformCustomer } from '../services/service-document.ts';

/** A customer as stored; id = the customer's id. */
export interface CustomerDocument extends Removable {
  readonly customer: string;
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the services it may run; null = all. */
  readonly services: readonly string[] | null;
  /** Absent: the standard one, as release 0.1.0 knew no plans. */
  readonly plan?: string;
  readonly createdAt: string;
  /** Differs from that of an earlier customer of the same id, whose versions began at 1 too. Absent when release 0.1.0 made it. */
  readonly incarnation?: string;
}

export type StoredCustomer = Stored<CustomerDocument>;
export type CustomerCollection = Collection<CustomerDocument>;

export const customersCollection = {
  name: 'customers',
  fields: {
    id: { path: ['customer'], type: 'text' },
    createdAt: { path: ['createdAt'], type: 'time' },
  },
  sorts: ['id', 'createdAt'],
  dumpAfter: ['jobs'],
} as const satisfies CollectionDeclaration;

export const defaultCustomer = 'default';

export type CustomerMembers = Pick<CustomerDocument, 'displayName' | 'labels' | 'services' | 'plan'>;

/** The tenants of the platform. */
export interface Customers {
  /** Throws `not-found`. */
  get(id: string): Promise<StoredCustomer>;
  /** Throws `already-exists`, `invalid-request` for a reserved id. */
  create(id: string, members: CustomerMembers): Promise<StoredCustomer>;
  /** Throws `not-found` and what `check` throws. */
  change(
    id: string,
    change: { readonly [Member in keyof CustomerMembers]?: CustomerMembers[Member] | undefined },
    check?: CheckVersion,
  ): Promise<StoredCustomer>;
  /** Throws `not-found`, `in-use` while it has jobs, and what `check` throws. */
  delete(id: string, check?: CheckVersion): Promise<StoredCustomer>;
  /** Makes the default customer at the first start, whoever else starts. */
  seed(): Promise<void>;
  readonly removal: Removal<CustomerDocument>;
}

export interface CustomersParts {
  readonly collection: CustomerCollection;
  readonly claims: Claims;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
  readonly usesOf: NameUses;
}

export const openCustomers = ({ collection, claims, clock, usesOf }: CustomersParts): Customers => {
  const removal = openRemoval({ collection, claims, clock });

  const get = async (id: string): Promise<StoredCustomer> => {
    const stored = await collection.get(id);
    if (stored !== null) return stored;
    const page = await collection.query({ sort: { field: 'id', direction: 'ascending' }, limit: 1000 });
    throw new SimfleetError(
      'not-found',
      `there is no customer "${id}"${didYouMean(
        id,
        page.rows.map((row) => row.id),
      )}`,
    );
  };

  const create = async (id: string, members: CustomerMembers): Promise<StoredCustomer> => {
    const { displayName, labels, services, plan = standardPlan } = members;
    if (id === platformCustomer) {
      const detail = 'is reserved: the catalogue is under this name';
      throw new SimfleetError('invalid-request', `the id "${id}" ${detail}`, {
        mistakes: [{ pointer: '/id', detail }],
      });
    }
    const createdAt = new Date(clock.now()).toISOString();
    const incarnation = drawIncarnation();
    try {
      return await collection.insert(id, { customer: id, displayName, labels, services, plan, createdAt, incarnation });
    } catch (error) {
      if (errorCode(error) !== 'already-exists') throw error;
      throw new SimfleetError('already-exists', `there is a customer "${id}" already`, { cause: error });
    }
  };

  return {
    get,
    create,
    removal,
    change: (id, change, check) =>
      againWhenChanged(async () => {
        const { doc, version } = await get(id);
        check?.(version, doc.incarnation);
        const { displayName = doc.displayName, labels = doc.labels, services = doc.services } = change;
        const { plan = doc.plan ?? standardPlan } = change;
        return collection.save(id, version, { ...unmarked(doc), displayName, labels, services, plan });
      }),
    delete: (id, check) =>
      againWhenChanged(async () => {
        const stored = await get(id);
        check?.(stored.version, stored.doc.incarnation);
        await removal.remove(stored, `customer "${id}"`, () => usesOf({ field: 'customer', value: id }));
        return stored;
      }),
    seed: async () => {
      if ((await collection.get(defaultCustomer)) !== null) return;
      await create(defaultCustomer, { displayName: 'Default', labels: {}, services: null }).catch((error: unknown) => {
        if (errorCode(error) !== 'already-exists') throw error;
      });
    },
  };
};

/** Whether the customer may run the service. */
export const isEntitled = ({ doc }: StoredCustomer, service: string): boolean =>
  doc.services === null || doc.services.includes(service);

export const customerView = ({ id, version, doc }: StoredCustomer): Customer => ({
  id,
  displayName: doc.displayName,
  labels: { ...doc.labels },
  services: doc.services === null ? null : [...doc.services],
  plan: doc.plan ?? standardPlan,
  createdAt: doc.createdAt,
  version,
});
