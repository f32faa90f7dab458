import type { SocketLimits } from './server.ts';

/** A connection that the heartbeat looks at. */
export interface Beating {
  /** The spoke it sits on; the heartbeat's own. */
  spoke: number;
  /** Time, whole milliseconds from any start. Pings or ends the connection if it has been quiet for too long. */
  beat(now: number): void;
}

/** So many that the pings of thousands who came in the same second leave in portions of a few milliseconds. */
const spokes = 16;
const shortestTurnMs = 32;
const longestTurnMs = 2_000;

/**
 * One timer for all connections, as a wheel: each tick looks at the connections of one spoke, each turn at all of them. Silence is noticed up to one
 * turn late; a turn is a quarter of `pingMs` or `pongMs`, whichever is shorter, at most 2 s.
 */
export class Heartbeat {
  readonly #spokes: readonly Set<Beating>[] = Array.from({ length: spokes }, () => new Set<Beating>());
  readonly #tickMs: number;
  #next = 0;
  #place = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ pingMs, pongMs }: Pick<SocketLimits, 'pingMs' | 'pongMs'>) {
    const turnMs = Math.min(longestTurnMs, Math.max(shortestTurnMs, Math.min(pingMs, pongMs) / 4));
    this.#tickMs = turnMs / spokes;
  }

  /** Milliseconds, whole so that they are kept in place, as of the last tick or newer. */
  static now(): number {
    return Math.floor(performance.now());
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  add(beating: Beating): void {
    beating.spoke = this.#place++ % spokes;
    this.#spokes[beating.spoke]?.add(beating);
  }

  remove(beating: Beating): void {
    this.#spokes[beating.spoke]?.delete(beating);
  }

  #tick(): void {
    const now = Heartbeat.now();
    for (const beating of this.#spokes[this.#next++ % spokes] ?? []) beating.beat(now);
  }
}
