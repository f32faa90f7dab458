import type { Principal } from '@simfleet/contracts';

/** Who a caller is and what they may do. Until identity arrives there is one administrator. */
export interface Authorizer {
  /** The principal behind a bearer token, or null when the token is missing or wrong. */
  authenticate(bearerToken: string | null): Promise<Principal | null>;
  /** Whether the principal may do the action (`jobs.create`) for a customer; `customer` null asks «for any customer at all». */
  permits(principal: Principal, action: string, customer: string | null): boolean;
}
