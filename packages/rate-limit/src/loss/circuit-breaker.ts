import type { Clock } from '@simfleet/runtime';

/**
 * `up`: every call goes to the store. `away`: none does, and a check in the background looks for it. `back`: the check passed, and the next call is the
 * trial. `trial`: that call is under way, alone.
 */
export type StoreState = 'up' | 'away' | 'back' | 'trial';

export interface BreakerOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** 0 … 1. */
  readonly random: () => number;
  /** Rejects while the store is away. Has to settle: one at a time is asked. */
  readonly check: () => Promise<void>;
  /** Called when the store is taken for lost (with the last failure), and when it is taken for back. */
  readonly onChange: (up: boolean, cause: unknown) => void;
}

/** So many failures one after the other open the breaker: few enough to be over within a time-out or two, more than one lost connection costs. */
const failuresInARow = 5;
/** So many of the last 20 calls open it as well, for a store that fails every other time. */
const failuresOfTwenty = 10;
const twenty = (1 << 20) - 1;
/** Milliseconds: the first check, and the most between two. A store is asked 12 times a minute at rest, and is found 5 s after it is back at the latest. */
const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** Opens when the store fails, tries it by one check at a time with growing pauses, then by one call, and closes when that one succeeds. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #state: StoreState = 'up';
  /** Changes with every change of state: an answer that belongs to an earlier one tells nothing about this one. */
  #era = 0;
  #inARow = 0;
  #lastTwenty = 0;
  #pauses = 0;
  #upSince = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): StoreState {
    return this.#state;
  }

  /** To be named with the outcome of the call; −1: do not call the store. */
  enter(): number {
    if (this.#state === 'up') return this.#era;
    if (this.#state !== 'back') return -1;
    return this.#turn('trial');
  }

  succeeded(era: number): void {
    if (era !== this.#era) return;
    if (this.#state === 'trial') return this.#close();
    this.#inARow = 0;
    this.#lastTwenty = (this.#lastTwenty << 1) & twenty;
  }

  /** The call never came to the store: it was out of range. */
  toldNothing(era: number): void {
    if (era === this.#era && this.#state === 'trial') this.#turn('back');
  }

  /** `silent`: the whole time-out was waited for nothing. Then the store is taken for lost at once: what asks in two steps shall not wait twice. */
  failed(era: number, cause: unknown, silent = false): void {
    if (era !== this.#era) return;
    if (this.#state === 'trial') return this.#look();
    if (silent) return this.#open(cause);
    this.#inARow += 1;
    this.#lastTwenty = ((this.#lastTwenty << 1) | 1) & twenty;
    if (this.#inARow >= failuresInARow || ones(this.#lastTwenty) >= failuresOfTwenty) this.#open(cause);
  }

  /** No check is made any more. */
  stop(): void {
    this.#closed = true;
    this.#cancel();
  }

  #open(cause: unknown): void {
    // A store that is lost again at once goes on with the longer pauses.
    if (this.#options.clock.monotonic() - this.#upSince > longestPauseMs) this.#pauses = 0;
    this.#options.onChange(false, cause);
    this.#look();
  }

  #close(): void {
    this.#turn('up');
    this.#inARow = 0;
    this.#lastTwenty = 0;
    this.#upSince = this.#options.clock.monotonic();
    this.#options.onChange(true, undefined);
  }

  /** Waits (half of the pause to all of it, so that replicas do not look in step), checks, and does so again until the check passes. */
  #look(): void {
    this.#turn('away');
    if (this.#closed) return;
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#pauses, 16));
    this.#pauses += 1;
    this.#cancel = this.#options.clock.after(pause * (0.5 + this.#options.random() / 2), () => {
      this.#options.check().then(
        () => this.#turn('back'),
        () => this.#look(),
      );
    });
  }

  #turn(state: StoreState): number {
    this.#state = state;
    this.#era += 1;
    return this.#era;
  }
}

const ones = (bits: number): number => {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  return count;
};
