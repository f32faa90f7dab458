/** A tenant. `services`: names of the services it may run; null = all of them. */
export interface Customer {
  readonly id: string;
  readonly services: readonly string[] | null;
}

/** What can be run. */
export interface Service {
  readonly name: string;
  readonly description: string;
}

/** What the use case needs of a store, in its own words, and nothing that only one database can do. */
export interface Catalogue {
  /** Null when there is no such customer. */
  findCustomer(id: string): Promise<Customer | null>;
  /** Services with these names, or all of them for null; by name, in code-point order. */
  listServices(names: readonly string[] | null): Promise<readonly Service[]>;
  /** Adds or replaces. Resolves once it is durable. */
  putCustomer(customer: Customer): Promise<void>;
  putService(service: Service): Promise<void>;
  close(): Promise<void>;
}
