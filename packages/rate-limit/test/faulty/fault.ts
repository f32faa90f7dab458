import type { LimiterStore } from '@simfleet/rate-limit';
import type { MemoryLimiterStore } from '@simfleet/rate-limit/memory';

/** A healthy store made wrong in one way. */
export interface Fault {
  /** Start of the title of a check that must reject it. */
  readonly rejectedBy: string;
  spoil(healthy: MemoryLimiterStore): LimiterStore;
}

/** Overrides some methods of a store. */
export const spoil = (healthy: MemoryLimiterStore, override: Partial<LimiterStore>): LimiterStore => ({
  description: healthy.description,
  shared: healthy.shared,
  decide: (charges) => healthy.decide(charges),
  decideOne: (charge) => healthy.decideOne(charge),
  peek: (charge) => healthy.peek(charge),
  refund: (charge, at) => healthy.refund(charge, at),
  reset: (rule, key) => healthy.reset(rule, key),
  check: () => healthy.check(),
  close: () => healthy.close(),
  ...override,
});
