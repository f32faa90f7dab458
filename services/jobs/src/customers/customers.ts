import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Customer } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import type { Clock } from '@simfleet/runtime';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';
import type { KeyedLock } from '../keyed-lock.ts';
import { platformCustomer } from '../services/service-document.ts';

/** A customer as stored; id = the customer's id. */
export interface CustomerDocument {
  readonly customer: string;
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the services it may run; null = all. */
  readonly services: readonly string[] | null;
  readonly createdAt: string;
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
} as const satisfies CollectionDeclaration;

export const defaultCustomer = 'default';

export type CustomerMembers = Pick<CustomerDocument, 'displayName' | 'labels' | 'services'>;

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
    check?: (version: number) => void,
  ): Promise<StoredCustomer>;
  /** Throws `not-found`, `in-use` while it has jobs, and what `check` throws. */
  delete(id: string, check?: (version: number) => void): Promise<StoredCustomer>;
  /** Makes the default customer at the first start. */
  seed(): Promise<void>;
}

export interface CustomersParts {
  readonly collection: CustomerCollection;
  readonly lock: KeyedLock;
  readonly clock: Pick<Clock, 'now'>;
  readonly jobsOf: (customer: string) => Promise<number>;
}

export const customerLock = (id: string): string => `customer/${id}`;

export const openCustomers = ({ collection, lock, clock, jobsOf }: CustomersParts): Customers => {
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
    const { displayName, labels, services } = members;
    if (id === platformCustomer) {
      const detail = 'is reserved: the catalogue is under this name';
      throw new SimfleetError('invalid-request', `the id "${id}" ${detail}`, {
        mistakes: [{ pointer: '/id', detail }],
      });
    }
    const createdAt = new Date(clock.now()).toISOString();
    try {
      return await collection.insert(id, { customer: id, displayName, labels, services, createdAt });
    } catch (error) {
      if (errorCode(error) !== 'already-exists') throw error;
      throw new SimfleetError('already-exists', `there is a customer "${id}" already`, { cause: error });
    }
  };

  return {
    get,
    create,
    change: (id, change, check) =>
      lock.exclusive(customerLock(id), async () => {
        const { doc, version } = await get(id);
        check?.(version);
        const { displayName = doc.displayName, labels = doc.labels, services = doc.services } = change;
        return collection.save(id, version, { ...doc, displayName, labels, services });
      }),
    delete: (id, check) =>
      lock.exclusive(customerLock(id), async () => {
        const stored = await get(id);
        check?.(stored.version);
        const jobs = await jobsOf(id);
        if (jobs > 0) throw new SimfleetError('in-use', `customer "${id}" has ${jobs} ${jobs === 1 ? 'job' : 'jobs'}`);
        await collection.delete(id, stored.version);
        return stored;
      }),
    seed: async () => {
      if ((await collection.get(defaultCustomer)) !== null) return;
      await create(defaultCustomer, { displayName: 'Default', labels: {}, services: null });
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
  createdAt: doc.createdAt,
  version,
});
