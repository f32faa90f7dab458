import { openRequestLimits } from '@simfleet/http';
import type { RequestLimits } from '@simfleet/http';
import type { PoliciesInForce } from '@simfleet/jobs';
import { guardStore } from '@simfleet/rate-limit';
import type { LimiterStore } from '@simfleet/rate-limit';
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

/** Opens the store of limits. Throws `invalid-configuration`; a server that is away is no reason not to start. */
export const openLimits = async ({ configuration, runtime }: PlatformContext): Promise<Limits> => {
  const { rateLimits: url, rateLimitTimeoutMs: timeoutMs, rateLimitReplicas: replicas } = configuration.platform;
  if (url === 'off') return { store: null, follow: () => null, start: async () => ({ stop: async () => undefined }) };
  warnOfOwnCounts(configuration.platform, runtime.logger);
  const { clock, logger, metrics } = runtime;
  let policies: PoliciesInForce | null = null;
  const bare = await openLimiterStore({ url, timeoutMs, clock, logger });
  const onLoss = ({ name }: { readonly name: string }) => policies?.policies().onLoss({ name }) ?? 'open';
  const store = !bare.shared
    ? bare
    : guardStore({
        ...{ store: bare, replicas, timeoutMs, onLoss, clock, metrics, logger },
        shares: await openLimiterStore({ url: 'memory:', timeoutMs, clock, logger }),
      });

  /** Without the store some requests would be refused: others had better go to another replica. */
  const failsClosed = (): boolean =>
    policies?.policies().policies.some(({ enabled, onStoreLoss }) => enabled && onStoreLoss === 'closed') ?? false;

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

const warnOfOwnCounts = (platform: PlatformOptions, logger: Logger): void => {
  if (!platform.rateLimits.startsWith('memory') || !isOneOfSeveral(platform)) return;
  const option = 'rate-limits';
  logger.warn(
    { option },
    'rate limits hold for each replica by itself: several together admit as many times as much. Name a Redis that they share: --rate-limits redis://…',
  );
};
