import type { Bus } from '@simfleet/bus';

/** A healthy bus made wrong in one way. */
export interface Fault {
  /** Start of the title of a check that must reject it. */
  readonly rejectedBy: string;
  spoil(healthy: Bus): Bus;
}
