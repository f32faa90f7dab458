import type { Principal } from '@simfleet/contracts';

/** Who a caller is and what they may do. Until identity arrives there is one administrator. */
export interface Authorizer {
  /** The principal behind a bearer token, or null when the token is missing or wrong. */
  authenticate(bearerToken: string | null): Promise<Principal | null>;
  /**
   * Whether the principal may do the action (`jobs.create`) for a customer; `customer` null asks «for any customer at all». Depends on its arguments alone: whoever may do more or less than
   * before is another principal to `authenticate`, which is how streams and sockets that are open notice.
   */
  permits(principal: Principal, action: string, customer: string | null): boolean;
}
