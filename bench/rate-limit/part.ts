import type { Goals } from '../figures/goals.ts';

/** What `main.ts` hands to each part. */
export interface PartOptions {
  /** How often each measurement is repeated, peers in turns with ours; a part has its own default. */
  readonly rounds: number | undefined;
  readonly goals: Goals;
}

/** Each part exports `measure`: it prints its figures with the source of its data. A part that cannot run here throws `LeftOut` with the reason. */
export type Measure = (options: PartOptions) => Promise<void>;

/** The part cannot be measured here. */
export class LeftOut extends Error {}
