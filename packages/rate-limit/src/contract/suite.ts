import type { Rule } from '../rule.ts';
import type { Charge, LimiterStore } from '../store.ts';

/** What the suite needs of an adapter. */
export interface LimiterSuite {
  /** Names the adapter in every title. */
  readonly name: string;
  /**
   * A store for one check, which closes it; it need not be empty, for every check has keys of its own. With `now` (whole milliseconds since 1970, from a
   * clock turned by hand) the store takes its time from there instead of its own clock; such time stands still, leaps and may go back, and what a key
   * counts must not expire by any other clock. Several stores may be open at a time.
   */
  readonly open: (options: { readonly now?: () => number }) => Promise<LimiterStore>;
  readonly capabilities: {
    /** What `LimiterStore.shared` says: then all that are open at a time see the same counts. */
    readonly shared: boolean;
    /** Runs of each property; default 100. Fewer where a decision is a message. */
    readonly runs?: number;
  };
}

/** A clock that only tests turn. Begins within a window of every length that tests use, some way in. */
export class HandClock {
  ms: number;

  constructor(ms = 1_800_000_000_000 + 300) {
    this.ms = ms;
  }

  readonly now = (): number => this.ms;

  pass(ms: number): void {
    this.ms += ms;
  }
}

/** Runs a check on a store whose time is turned by hand. */
export const onHandClock = async (
  { open }: LimiterSuite,
  check: (store: LimiterStore, clock: HandClock) => Promise<void>,
): Promise<void> => {
  const clock = new HandClock();
  const store = await open({ now: clock.now });
  try {
    await check(store, clock);
  } finally {
    await store.close();
  }
};

/** Runs a check on a store with its own time: two handles of it where it is shared, twice the same one elsewhere. */
export const onOwnClock = async (
  { open, capabilities }: LimiterSuite,
  check: (store: LimiterStore, other: LimiterStore) => Promise<void>,
): Promise<void> => {
  const store = await open({});
  const other = capabilities.shared ? await open({}) : store;
  try {
    await check(store, other);
  } finally {
    await store.close();
    await other.close();
  }
};

/** A key that nobody used before. */
export const freshKey = (): string => crypto.randomUUID();

/** One rule of each algorithm that admits `limit` at once, in a window (or lease) of `windowMs`. */
export const everyRule = (limit: number, windowMs: number): readonly Rule[] => [
  { name: 'token-bucket', algorithm: 'token-bucket', limit, windowMs },
  { name: 'leaky-bucket', algorithm: 'leaky-bucket', limit, windowMs, burst: limit },
  { name: 'sliding-log', algorithm: 'sliding-log', limit, windowMs },
  { name: 'sliding-counter', algorithm: 'sliding-counter', limit, windowMs },
  { name: 'fixed-window', algorithm: 'fixed-window', limit, windowMs },
  { name: 'concurrency', algorithm: 'concurrency', limit, leaseMs: windowMs },
];

/** A charge; of a concurrency rule with a lease of its own unless one is given. */
export const chargeOf = (rule: Rule, key: string, rest: Omit<Charge, 'rule' | 'key'> = {}): Charge =>
  rule.algorithm === 'concurrency' ? { rule, key, lease: freshKey(), ...rest } : { rule, key, ...rest };
