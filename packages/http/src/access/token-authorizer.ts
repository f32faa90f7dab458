import { createHash, timingSafeEqual } from 'node:crypto';
import { operatorActions } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { Authorizer } from './authorizer.ts';

const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };
const operator: Principal = { id: 'operator', kind: 'operator', customers: '*' };

export interface PlatformTokens {
  /** Whose bearer may do everything. */
  readonly administrator: string;
  /** Whose bearer may do what `operatorActions` lists; nobody when there is none. */
  readonly operator?: string | undefined;
}

/** One token for each principal that there is. Tokens are compared in constant time, whatever their length. */
export const tokenAuthorizer = (tokens: PlatformTokens): Authorizer => {
  const known = [
    { principal: administrator, expected: digest(tokens.administrator) },
    ...(tokens.operator === undefined ? [] : [{ principal: operator, expected: digest(tokens.operator) }]),
  ];
  return {
    async authenticate(bearerToken) {
      if (bearerToken === null) return null;
      const given = digest(bearerToken);
      const matching = known.filter(({ expected }) => timingSafeEqual(given, expected));
      return matching[0]?.principal ?? null;
    },
    permits(principal, action, customer) {
      if (principal.kind === 'operator' && !operatorActions.includes(action)) return false;
      return (
        principal.customers === '*' ||
        (customer === null ? principal.customers.length > 0 : principal.customers.includes(customer))
      );
    },
  };
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
