import { SimfleetError } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { LimiterStore, Rule, Soon } from '../../src/index.ts';

/**
 * `refuses`: fails at once. `hangs`: takes calls and does them when it is well again. `mute`: does them and never answers. A number: does them and answers
 * so many milliseconds later.
 */
export type Trouble = 'none' | 'refuses' | 'hangs' | 'mute' | number;

export interface FaultyStore extends LimiterStore {
  trouble: Trouble;
  /** Calls that charge, as they came in. */
  readonly calls: number;
  readonly checks: number;
  /** Does what hung. */
  wake(): void;
}

/** What a request that comes right now could still take. */
export const left = async (store: LimiterStore, rule: Rule, key: string): Promise<number> => {
  const lease = rule.algorithm === 'concurrency' ? { lease: 'of nobody' } : {};
  return (await store.peek({ rule, key, cost: 0, ...lease })).remaining;
};

/** The store, with trouble on demand: what a network and a server do to calls. The store outlives it. */
export const faultyStore = (inner: LimiterStore, clock: Pick<Clock, 'after'>): FaultyStore => {
  const hanging: (() => void)[] = [];
  let calls = 0;
  let checks = 0;
  const through = <T>(call: () => Soon<T>): Promise<T> => {
    const { trouble } = faulty;
    if (trouble === 'refuses') return Promise.reject(new SimfleetError('unavailable', 'refused'));
    if (trouble === 'none') return (async () => call())();
    return new Promise((resolve, reject) => {
      const answer = async (): Promise<void> => Promise.resolve(call()).then(resolve, reject);
      if (trouble === 'hangs') hanging.push(() => void answer());
      else if (trouble === 'mute') void call();
      else {
        const done = (async () => call())();
        clock.after(trouble, () => void done.then(resolve, reject));
      }
    });
  };
  const counted = <T>(call: () => Soon<T>): Promise<T> => {
    calls += 1;
    return through(call);
  };
  const faulty: FaultyStore = {
    trouble: 'none',
    description: 'faulty',
    shared: true,
    get calls() {
      return calls;
    },
    get checks() {
      return checks;
    },
    wake() {
      for (const deed of hanging.splice(0)) deed();
    },
    decide: (charges) => counted(() => inner.decide(charges)),
    decideOne: (charge) => counted(() => inner.decideOne(charge)),
    peek: (charge) => through(() => inner.peek(charge)),
    refund: (charge, at) => through(() => inner.refund(charge, at)),
    reset: (rule, key) => through(() => inner.reset(rule, key)),
    check() {
      checks += 1;
      return through(() => inner.check());
    },
    close: () => through(() => undefined),
  };
  return faulty;
};
