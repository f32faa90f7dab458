import { hash } from 'node:crypto';
import type { Principal } from '@simfleet/contracts';
import type { CompiledPolicies, MatchingCharges, RequestFacts, Soon } from '@simfleet/rate-limit';
import { openLedger } from './charge-ledger.ts';
import type { LedgerParts } from './charge-ledger.ts';
import type { Renewed } from './hold-leases.ts';
import type { LimitHeaders } from './limit-headers.ts';
import type { Caller, LimitedRequest } from './request-limits.ts';
import { soon } from './soon.ts';

export interface LimitingParts extends LedgerParts {
  /** Those in force now. */
  readonly policies: () => CompiledPolicies;
  readonly headersOf: LimitHeaders;
  /** The plan of a customer; undefined when there is no such customer. */
  readonly planOf: (customer: string) => Soon<string | undefined>;
}

export interface Arrival extends Omit<RequestFacts, 'keys' | 'plan'> {
  readonly address: string;
  /** In force when the request came: it is admitted by these, whatever changes meanwhile. */
  readonly policies: CompiledPolicies;
}

/** Digits of a token's digest that name an API key: 64 bits. */
const apiKeyDigits = 16;

/** Operators of clusters act for everybody, and the platform itself for nobody. */
export const isExempt = ({ kind }: Principal): boolean => kind === 'operator' || kind === 'system';

export const userKeyOf = ({ kind, id }: Principal): string => `${kind}/${id}`;

export const soleCustomerOf = ({ customers }: Principal): string | undefined =>
  customers !== '*' && customers.length === 1 ? customers[0] : undefined;

const ofCallers = ['user', 'api-key', 'everyone', 'customer'] as const;
const nothing: MatchingCharges = { enforced: [], shadow: [] };

export const limitedRequest = (parts: LimitingParts, arrival: Arrival): LimitedRequest => {
  const { headersOf, planOf } = parts;
  const { operation, general, lease, address, policies } = arrival;
  let plan: string | undefined;
  /** As the policy of its name is now; as it was when there is none in force, which goes on counting when it is back. */
  const renewed: Renewed = (charge) => {
    const now = parts.policies().rules('requests', plan);
    const rule = now.find((each) => each.rule.name === charge.rule.name)?.rule ?? charge.rule;
    return rule.algorithm === 'concurrency' ? { ...charge, rule } : null;
  };
  const ledger = openLedger(parts, renewed);
  let isCustomerKnown = false;
  let told = { of: ledger.decided, headers: headersOf([]) };

  const matching = (keys: RequestFacts['keys']): MatchingCharges =>
    policies.matching({ operation, general, keys, plan, lease });
  const uses = (partition: (typeof ofCallers)[number]): boolean => policies.uses(partition, operation, general);

  /** Counted at once unless policies that are asked later may refuse. */
  const step = (now: MatchingCharges, isLast: boolean): Soon<void> => (isLast ? ledger.count(now) : ledger.look(now));

  const withPlan = (customer: string | undefined, next: () => Soon<void>): Soon<void> =>
    soon(customer === undefined ? undefined : planOf(customer), (found) => {
      plan = found;
      return next();
    });

  const byCaller = ({ principal, token }: Caller): Soon<void> => {
    if (isExempt(principal)) {
      isCustomerKnown = true;
      return ledger.forget();
    }
    const customer = soleCustomerOf(principal);
    isCustomerKnown = customer !== undefined;
    const keys = {
      user: userKeyOf(principal),
      everyone: 'all',
      ...(token !== null && uses('api-key') ? { 'api-key': apiKeyOf(token) } : {}),
      ...(customer === undefined ? {} : { customer }),
    };
    return withPlan(customer, () => step(matching(keys), isCustomerKnown || !uses('customer')));
  };

  return {
    byAddress: () => step(matching({ address }), !ofCallers.some(uses)),
    byCaller,
    byCustomer(customer) {
      if (isCustomerKnown) return;
      isCustomerKnown = true;
      return withPlan(customer, () => ledger.count(matching({ customer })));
    },
    settle: () => ledger.count(nothing),
    takeBack: () => ledger.takeBack(),
    end: () => ledger.end(),
    get headers() {
      const { decided } = ledger;
      if (decided !== told.of) told = { of: decided, headers: headersOf(decided) };
      return told.headers;
    },
  };
};

const apiKeyOf = (token: string): string => hash('sha256', token, 'hex').slice(0, apiKeyDigits);
