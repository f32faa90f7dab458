/** Who acts. Every action carries one, from the first line; background work acts as `system`. */
export interface Principal {
  readonly id: string;
  readonly kind: 'administrator' | 'user' | 'job' | 'system';
  /** Customers the principal may act for; '*' = all. */
  readonly customers: readonly string[] | '*';
}
