import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '@simfleet/contracts';
import type { Authorizer } from './authorizer.ts';

const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };

/** One token, one administrator who may do everything. Tokens are compared in constant time, whatever their length. */
export const administratorAuthorizer = (token: string): Authorizer => {
  const expected = digest(token);
  return {
    authenticate: (bearerToken) =>
      Promise.resolve(bearerToken !== null && timingSafeEqual(digest(bearerToken), expected) ? administrator : null),
    permits: (principal, _action, customer) =>
      principal.customers === '*' ||
      (customer === null ? principal.customers.length > 0 : principal.customers.includes(customer)),
  };
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
