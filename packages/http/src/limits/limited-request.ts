import { hash } from 'node:crypto';
import type { Principal } from '@simfleet/contracts';
import type { Charge, CompiledPolicies, LimiterStore, PolicyCharge, RequestFacts, Soon } from '@simfleet/rate-limit';
import type { Clock } from '@simfleet/runtime';
import { decide, isAdmitted } from './decide.ts';
import { holdLeases } from './hold-leases.ts';
import type { Decided, LimitHeaders } from './limit-headers.ts';
import type { MeasureLimits } from './measure-limits.ts';
import { refusalError, refusalOf } from './refusal.ts';
import type { Caller, LimitedRequest } from './request-limits.ts';
import { soon } from './soon.ts';

export interface LimitingParts {
  readonly store: LimiterStore;
  readonly clock: Pick<Clock, 'after'>;
  readonly measure: MeasureLimits;
  readonly headersOf: LimitHeaders;
  /** The plan of a customer; undefined when there is no such customer. */
  readonly planOf: (customer: string) => Soon<string | undefined>;
}

export interface Arrival extends Omit<RequestFacts, 'keys' | 'plan'> {
  readonly address: string;
  /** In force when the request came: it is held to these, whatever changes meanwhile. */
  readonly policies: CompiledPolicies;
}

/** Digits of a token's digest that name an API key: 64 bits. */
const apiKeyDigits = 16;

/** Operators of clusters act for everybody, and the platform itself for nobody. */
export const isExempt = ({ kind }: Principal): boolean => kind === 'operator' || kind === 'system';

export const userKeyOf = ({ kind, id }: Principal): string => `${kind}/${id}`;

export const soleCustomerOf = ({ customers }: Principal): string | undefined =>
  customers !== '*' && customers.length === 1 ? customers[0] : undefined;

export const limitedRequest = (parts: LimitingParts, arrival: Arrival): LimitedRequest => {
  const { store, clock, measure, headersOf, planOf } = parts;
  const { operation, general, lease, address, policies } = arrival;
  const decided: Decided[] = [];
  let taken: readonly Decided[] = [];
  let shadows: readonly Soon<readonly Decided[]>[] = [];
  let ends: readonly (() => void)[] = [];
  let isOver = false;
  let isCustomerKnown = false;

  const takeBack = (): Soon<void> => {
    const back = [...taken.map((each) => giveBack(store, each)), ...shadows.map((each) => giveBackShadow(store, each))];
    [taken, shadows] = [[], []];
    const late = back.filter((each) => each instanceof Promise);
    if (late.length > 0) return Promise.all(late).then(() => undefined);
  };

  const admitted = (now: readonly Decided[], shadow: readonly PolicyCharge[]): void => {
    taken = [...taken, ...now];
    shadows = [...shadows, ...shadow.map(({ charge }) => watch(charge))];
    if (!now.some(({ charge }) => charge.lease !== undefined)) return;
    const end = holdLeases(store, clock, now);
    if (isOver) end();
    else ends = [...ends, end];
  };

  /** Shadow policies are asked for what they would say, and nobody waits for it. */
  const watch = (charge: PolicyCharge['charge']): Soon<readonly Decided[]> => {
    const said = soon(
      attempt(() => decide(store, [charge])),
      (now) => {
        now.forEach(({ decision }) => measure(charge, decision.allowed, true));
        return now;
      },
    );
    return said instanceof Promise ? said.catch(() => []) : said;
  };

  const step = (keys: RequestFacts['keys'], plan?: string): Soon<void> => {
    const { enforced, shadow } = policies.matching({ operation, general, keys, plan, lease });
    if (enforced.length === 0) return admitted([], shadow);
    const charges = enforced.map(({ charge }) => charge);
    return soon(decideOrTakeBack(charges), (now) => {
      decided.push(...now);
      if (isAdmitted(now)) {
        now.forEach(({ charge }) => measure(charge, true, false));
        return admitted(now, shadow);
      }
      // Those beside it would have admitted, and counted nothing.
      now.filter(({ decision }) => !decision.allowed).forEach(({ charge }) => measure(charge, false, false));
      const refusal = refusalOf(now);
      return soon(takeBack(), () => {
        if (refusal !== null) throw refusalError(refusal);
      });
    });
  };

  /** What does not answer admits nothing: then the steps before it took in vain. */
  const decideOrTakeBack = (charges: readonly Charge[]): Soon<readonly Decided[]> => {
    const said = attempt(() => decide(store, charges));
    if (!(said instanceof Promise)) return said;
    return said.catch(async (error: unknown) => {
      await takeBack();
      throw error;
    });
  };

  const withPlan = (customer: string | undefined, next: (plan?: string) => Soon<void>): Soon<void> =>
    customer === undefined ? next() : soon(planOf(customer), next);

  const byCaller = ({ principal, token }: Caller): Soon<void> => {
    if (isExempt(principal)) {
      isCustomerKnown = true;
      decided.length = 0;
      return takeBack();
    }
    const customer = soleCustomerOf(principal);
    isCustomerKnown = customer !== undefined;
    const isKeyed = token !== null && policies.uses('api-key', operation, general);
    return withPlan(customer, (plan) =>
      step(
        {
          user: userKeyOf(principal),
          everyone: 'all',
          ...(isKeyed ? { 'api-key': apiKeyOf(token) } : {}),
          ...(customer === undefined ? {} : { customer }),
        },
        plan,
      ),
    );
  };

  return {
    byAddress: () => step({ address }),
    byCaller,
    byCustomer(customer) {
      if (isCustomerKnown) return;
      isCustomerKnown = true;
      return withPlan(customer, (plan) => step({ customer }, plan));
    },
    takeBack,
    end() {
      isOver = true;
      ends.forEach((end) => end());
      ends = [];
    },
    get headers() {
      return headersOf(decided);
    },
  };
};

const apiKeyOf = (token: string): string => hash('sha256', token, 'hex').slice(0, apiKeyDigits);

/** A throw as a rejection. */
const attempt = <T>(call: () => Soon<T>): Soon<T> => {
  try {
    return call();
  } catch (error) {
    return rejected(error);
  }
};

const rejected = async (error: unknown): Promise<never> => {
  throw error;
};

/** What cannot be given back now frees itself when its window has passed; it errs to refuse. */
const giveBack = (store: LimiterStore, { charge, decision }: Decided): Soon<void> => {
  const done = attempt(() => store.refund(charge, decision.at));
  return done instanceof Promise ? done.catch(() => undefined) : done;
};

const giveBackShadow = (store: LimiterStore, said: Soon<readonly Decided[]>): Soon<void> =>
  soon(said, (now) => {
    const [one] = now;
    if (one?.decision.allowed === true) return giveBack(store, one);
  });
