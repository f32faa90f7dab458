/** Who acts. Every action carries one, from the first line; background work acts as `system`. */
export interface Principal {
  readonly id: string;
  /** `operator`: the one of a cluster, which brings resources to the platform for all customers. */
  readonly kind: 'administrator' | 'user' | 'job' | 'operator' | 'system';
  /** Customers the principal may act for; '*' = all. */
  readonly customers: readonly string[] | '*';
}

/** What the operator may do, for all customers: nothing else. */
export const operatorActions: readonly string[] = [
  'jobs.create',
  'jobs.read',
  'jobs.change',
  'services.create',
  'services.read',
  'services.change',
  'services.delete',
  'customers.read',
];
