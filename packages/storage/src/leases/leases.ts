/**
 * Who does what exactly one process should do: fold a job, relay events. A lease saves work and never makes it correct: between the look at it
 * and the deed a process may be paused, so every deed stays safe to do twice (compare-and-set, idempotent appends).
 */
export interface Leases {
  /** Names this process among those on the store, for as long as it lives. */
  readonly memberId: string;
  /**
   * Member id of the holder; this process takes the lease when it is free or its holder is dead. Costs nothing while this process holds it, or
   * while the holder that it saw last is alive as far as it knows; `afresh` asks the store in that case too: the holder did not answer.
   * Throws `unavailable` when the store does not answer, or this process has left.
   */
  holderOf(name: string, how?: { readonly afresh?: boolean }): Promise<string>;
  /**
   * Who holds which of these leases, as far as it is known; takes none. One read for a thousand names at most. Names that nobody holds are left out; a holder may have
   * died meanwhile.
   */
  holdersOf(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Whether the member lives: has shown life of late, and has not left. */
  isAlive(memberId: string): Promise<boolean>;
  /** Whether this process holds the lease right now. False once its heartbeat is late, by its own clock: others may have taken over. */
  holds(name: string): boolean;
  /** Gives the lease up for good and forgets its name: the thing that it was for is over. Nothing when this process does not hold it. */
  release(name: string): Promise<void>;
  /** Called with the names that this process held until its heartbeat was late, once it notices. Ask `holderOf` again. */
  onLost(listener: (names: readonly string[]) => void): () => void;
  /** Leaves, so that others take over at once and not after the silence of a death. Never throws. Idempotent. */
  close(): Promise<void>;
}

/** What leases need of a `Clock`. */
export interface LeaseClock {
  now(): number;
  monotonic(): number;
  after(ms: number, callback: () => void): () => void;
}

/** What leases need of a `Logger`. */
export interface LeaseLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
