/** Milliseconds. `validMs` < `deadMs`: a process that is paused stops believing in its leases before others take them. */
export interface LeaseTiming {
  /** Between two heartbeats. */
  readonly beatMs: number;
  /** How long a heartbeat carries the leases of its process, from the start of its write. */
  readonly validMs: number;
  /** Silence, as an observer sees it, after which a member is dead. */
  readonly deadMs: number;
}

/**
 * A death is seen 2.5 to 3.5 s after it happened, so that the work goes on elsewhere within 5 s. Pauses shorter than 2 s (garbage collection, a slow
 * disk) move nothing. A process writes twice a second, however many leases it holds.
 */
export const leaseTiming: LeaseTiming = { beatMs: 500, validMs: 2000, deadMs: 2500 };
