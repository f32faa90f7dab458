import { randomUUID } from 'node:crypto';
import { errorCode } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { Charge, CompiledPolicies, LimiterStore, Soon } from '@simfleet/rate-limit';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import { renderedProblem } from '../answer/send.ts';
import { clientAddresses } from './client-address.ts';
import { decide, isAdmitted } from './decide.ts';
import { createLimitHeaders } from './limit-headers.ts';
import { isExempt, limitedRequest, soleCustomerOf, userKeyOf } from './limited-request.ts';
import { measureLimits } from './measure-limits.ts';
import { refusalError, refusalOf } from './refusal.ts';
import type { AdmittedSocket, MessageVerdict, Peer, RequestLimits, UpgradeRefusal } from './request-limits.ts';
import { soon } from './soon.ts';

export interface RequestLimitsOptions {
  readonly store: LimiterStore;
  /** Those in force: asked at every request, so that a change needs no restart. */
  readonly policies: () => CompiledPolicies;
  /** The plan of a customer; undefined when there is no such customer, or it cannot be told now. */
  readonly planOf: (customer: string) => Soon<string | undefined>;
  /** As `clientAddresses` takes them. */
  readonly trustedProxies: readonly string[];
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The limits of requests by policies. Throws `invalid-configuration` for a proxy that is no address. */
export const openRequestLimits = (options: RequestLimitsOptions): RequestLimits => {
  const { store, policies, planOf, clock, metrics, logger } = options;
  const addressOf = clientAddresses(options.trustedProxies);
  const measure = measureLimits(clock, metrics, logger);
  const parts = { store, clock, measure, planOf, policies, headersOf: createLimitHeaders() };

  const request: RequestLimits['request'] = ({ operation, general, ...peer }) =>
    limitedRequest(parts, {
      ...{ operation, general, policies: policies(), lease: randomUUID() },
      address: addressOf(peer),
    });

  const admitUpgrade = (peer: Peer): Soon<AdmittedSocket | UpgradeRefusal> => {
    const socket = request({ ...peer, operation: 'openSocket', general: true });
    const admitted: AdmittedSocket = {
      admitCaller: (caller) => soon(socket.byCaller(caller), () => socket.settle()),
      end: () => socket.end(),
    };
    const refused = (error: unknown): UpgradeRefusal => {
      if (errorCode(error) !== 'quota-exceeded') throw error;
      const { status, headers, body } = renderedProblem(error, randomUUID());
      return { status, headers: { ...socket.headers, ...headers }, body: body ?? '' };
    };
    try {
      // Counted at once: many never say who they are.
      const done = soon(socket.byAddress(), () => socket.settle());
      return done instanceof Promise ? done.then(() => admitted, refused) : admitted;
    } catch (error) {
      return refused(error);
    }
  };

  const messageCharges = (principal: Principal, operation: string, plan: string | undefined) => {
    const customer = soleCustomerOf(principal);
    const keys = { user: userKeyOf(principal), everyone: 'all', ...(customer === undefined ? {} : { customer }) };
    const { enforced, shadow } = policies().matching({ operation, general: true, keys, plan, lease: '' });
    // A message is over at once: limits on what is under way are not for it.
    const charges = (all: typeof enforced): readonly Charge[] =>
      all.map(({ charge }) => charge).filter(({ rule }) => rule.algorithm !== 'concurrency');
    return { enforced: charges(enforced), shadow: charges(shadow) };
  };

  const watch = (charge: Charge): void => {
    const said = async (): Promise<void> =>
      (await decide(store, [charge])).forEach(({ decision }) => measure(charge, decision.allowed, true));
    said().catch(() => undefined);
  };

  const admitMessage = (principal: Principal, operation: string): Soon<MessageVerdict> => {
    if (isExempt(principal)) return { allowed: true };
    const customer = soleCustomerOf(principal);
    return soon(customer === undefined ? undefined : planOf(customer), (plan) => {
      const { enforced, shadow } = messageCharges(principal, operation, plan);
      return soon(decide(store, enforced), (decided) => {
        const isAllowed = isAdmitted(decided);
        for (const { charge, decision } of decided)
          if (isAllowed || !decision.allowed) measure(charge, decision.allowed, false);
        const refusal = refusalOf(decided);
        if (refusal !== null)
          return { allowed: false, error: refusalError(refusal), retryAfterMs: refusal.refusal.retryAfterMs };
        shadow.forEach(watch);
        return { allowed: true };
      });
    });
  };

  return { request, admitUpgrade, admitMessage };
};
