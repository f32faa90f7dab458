import type { Clock } from '@simfleet/runtime';

/** What waits for an answer. */
export interface Waiting {
  /** False once it is answered or has expired. */
  readonly open: boolean;
  answered(): void;
}

/** A timer later than this (milliseconds) tells of a process that was busy, not of a store that was slow. */
const stalledMs = 5;
/** What a busy process asked may have been sent only just now: the store is given so long (milliseconds), a quarter of the time-out at most. */
const afterStallMs = 20;

/** Many waits of one length on one timer: a timer a call would cost more than the call. */
export class Deadlines {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #timeoutMs: number;
  /** In order of their ends, as all are of one length. Answered ones are dropped once they are first. */
  #queue: Wait[] = [];
  #first = 0;
  #armed = false;
  #waitsFor: 'due' | 'moment' | 'turn' = 'due';
  /** Waits with ends up to then are heard out by the moment or turn that is waited for. */
  #lastHeard = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Waits kept, answered ones among them. */
  get length(): number {
    return this.#queue.length;
  }

  /** Calls `expire` once after the time, unless it was answered before. */
  add(expire: () => void): Waiting {
    const wait = new Wait(this.#clock.monotonic() + this.#timeoutMs, expire);
    this.#dropAnswered();
    this.#queue.push(wait);
    if (!this.#armed) this.#wait('due', this.#timeoutMs);
    return wait;
  }

  #wait(waitsFor: 'due' | 'moment' | 'turn', ms: number): void {
    this.#waitsFor = waitsFor;
    this.#armed = true;
    this.#clock.after(ms, () => this.#ring());
  }

  #ring(): void {
    this.#armed = false;
    this.#dropAnswered();
    const next = this.#queue[this.#first];
    if (next === undefined) return;
    const now = this.#clock.monotonic();
    const late = now - next.due;
    if (late < 0) return this.#wait('due', -late);
    // What the process had no time to send is answered after a moment; what was answered while it stood still lies in the socket, however late the timer is,
    // and is read in the next turn. Only then is anything given up that had begun by now; for what begins later the process may stand still again.
    if (this.#waitsFor === 'due' || next.due > this.#lastHeard) {
      this.#lastHeard = now + this.#timeoutMs;
      if (late > stalledMs) return this.#wait('moment', Math.min(afterStallMs, this.#timeoutMs / 4));
      return this.#wait('turn', 0);
    }
    if (this.#waitsFor === 'moment') return this.#wait('turn', 0);
    this.#expire();
    const left = this.#queue[this.#first];
    if (left !== undefined) this.#wait('due', Math.max(0, left.due - this.#clock.monotonic()));
  }

  #expire(): void {
    const last = Math.min(this.#clock.monotonic(), this.#lastHeard);
    for (let wait = this.#queue[this.#first]; wait !== undefined && wait.due <= last; wait = this.#queue[this.#first]) {
      this.#first += 1;
      if (wait.open) wait.expire();
    }
    this.#dropAnswered();
  }

  #dropAnswered(): void {
    while (this.#queue[this.#first]?.open === false) this.#first += 1;
    if (this.#first === 0 || (this.#first < 1024 && this.#first < this.#queue.length)) return;
    this.#queue = this.#queue.slice(this.#first);
    this.#first = 0;
  }
}

class Wait implements Waiting {
  readonly due: number;
  readonly #expire: () => void;
  open = true;

  constructor(due: number, expire: () => void) {
    this.due = due;
    this.#expire = expire;
  }

  answered(): void {
    this.open = false;
  }

  expire(): void {
    this.open = false;
    this.#expire();
  }
}
