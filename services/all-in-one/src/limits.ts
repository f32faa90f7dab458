import { openRequestLimits } from '@simfleet/http';
import type { RequestLimits } from '@simfleet/http';
import type { PoliciesInForce } from '@simfleet/jobs';
import { allotStore, guardStore } from '@simfleet/rate-limit';
import type { CompiledPolicies, LimiterStore } from '@simfleet/rate-limit';
import type { Logger, Module } from '@simfleet/runtime';
import { openLimiterStore } from '@simfleet/wiring';
import type { PlatformOptions } from './config.ts';
import type { PlatformContext } from './platform-context.ts';
import { isOneOfSeveral } from './sharing.ts';

/** Where limits are counted, and what asks there. */
export interface Limits {
  /** Null: nothing is limited. */
  readonly store: LimiterStore | null;
  /** Who says what is limited; before that nothing is. */
  follow(policies: PoliciesInForce): RequestLimits | null;
  readonly start: Module['start'];
}

/** Times the time-out of a decision that the server is listened to: an admission that comes late is heard of, and given back. */
const patience = 10;
/** Milliseconds of that at most, unless a decision may take longer: a start waits so long for a server that does not answer. */
const longestPatienceMs = 5_000;
/** Keys that are held to a share while the server is away, some 20 MB of them: a flood of others makes it forget those that were not refused. */
const mostShares = 100_000;

/** Opens the store of limits. Throws `invalid-configuration`; a server that is away is no reason not to start. */
export const openLimits = async ({ configuration, runtime }: PlatformContext): Promise<Limits> => {
  const { rateLimits: url, rateLimitTimeoutMs: timeoutMs, rateLimitReplicas: replicas } = configuration.platform;
  if (url === 'off') return { store: null, follow: () => null, start: async () => ({ stop: async () => undefined }) };
  warnOfOwnCounts(configuration.platform, runtime.logger);
  const { clock, logger, metrics } = runtime;
  let policies: PoliciesInForce | null = null;
  const rules = () => policies?.policies();
  const patientMs = Math.max(timeoutMs, Math.min(longestPatienceMs, patience * timeoutMs));
  const bare = await openLimiterStore({ url, timeoutMs: patientMs, clock });
  const store = !bare.shared ? bare : await sharedStore({ bare, rules, replicas, timeoutMs, runtime });

  /** Without the store some requests would be refused: others had better go to another replica. */
  const failsClosed = (): boolean =>
    rules()?.policies.some(({ enabled, onStoreLoss }) => enabled && onStoreLoss === 'closed') ?? false;

  return {
    store,
    follow(inForce) {
      policies = inForce;
      const { trustedProxies } = configuration.platform;
      const { policies: current, planOf } = inForce;
      return openRequestLimits({ store, policies: current, planOf, trustedProxies, clock, metrics, logger });
    },
    start: async () => ({
      check: async () => {
        if (failsClosed()) await store.check();
      },
      stop: () => store.close(),
    }),
  };
};

interface SharedStoreParts {
  readonly bare: LimiterStore;
  /** Undefined until they are known. */
  readonly rules: () => CompiledPolicies | undefined;
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly runtime: PlatformContext['runtime'];
}

/** Hot keys by allotments, before a guard, before the server. Closed the same way: what is held goes back first. */
const sharedStore = async ({ bare, rules, replicas, timeoutMs, runtime }: SharedStoreParts): Promise<LimiterStore> => {
  const { clock, logger, metrics } = runtime;
  // Once it has been there the guard tells when it goes and comes back.
  const told = (error: unknown): void =>
    logger.warn({ store: bare.description, err: error }, 'the store of limits does not answer at the start');
  await bare.check().catch(told);
  const guard = guardStore({
    ...{ store: bare, replicas, timeoutMs, clock, metrics, logger },
    shares: await openLimiterStore({ url: 'memory:', timeoutMs, clock, maxKeys: mostShares }),
    onLoss: (rule) => rules()?.onLoss(rule) ?? 'open',
  });
  return allotStore({ store: guard, clock, allot: (rule) => rules()?.allotment(rule) ?? null });
};

const warnOfOwnCounts = (platform: PlatformOptions, logger: Logger): void => {
  if (!platform.rateLimits.startsWith('memory') || !isOneOfSeveral(platform)) return;
  const option = 'rate-limits';
  logger.warn(
    { option },
    'rate limits hold for each replica by itself: several together admit as many times as much. Name a Redis that they share: --rate-limits redis://…',
  );
};
