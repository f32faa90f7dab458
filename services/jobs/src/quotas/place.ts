import type { JobState, WaitsFor } from '@simfleet/contracts';
import type { Filter } from '@simfleet/storage';

/**
 * Where an active job stands among those of its customer. `runs`: it has one of the places of the quota of running jobs, from before its first shard
 * starts. `waits`: for such a place. `paused`: it has one, and waits until its customer may use paths again.
 */
export type Place = 'runs' | 'waits' | 'paused';

/** A place as it was given: with the message that goes with it. */
export interface GivenPlace {
  readonly place: Place;
  readonly message: string | null;
}

/** What of a job says where it stands. */
interface Placed {
  readonly state: JobState;
  readonly place?: Place;
}

const isPlaced = (state: JobState): boolean => state === 'Queued' || state === 'Running';

/** Whether it counts as one of the running jobs of its customer. Jobs of before there were places do. */
export const hasPlace = ({ state, place }: Placed): boolean => isPlaced(state) && place !== 'waits';

/** Whether it counts as queued: not over and not running, suspended ones too, for nobody should be able to pile up jobs by suspending them. */
export const isInQueue = ({ state }: Pick<Placed, 'state'>): boolean => state === 'Queued' || state === 'Suspended';

/** What the job waits for; null = its shards may run as far as quotas go. */
export const waitsFor = ({ state, place }: Placed): WaitsFor | null => {
  if (!isPlaced(state)) return null;
  if (place === 'waits') return 'jobs-running';
  return place === 'paused' ? 'paths' : null;
};

/**
 * The place of a job after a decision of the lifecycle. A job that begins to queue gets what it was given, or waits; suspended jobs and those that are over
 * have none, so that they hold up nobody.
 */
export const placeAfter = (before: Placed | null, { state, place }: Placed, given: Place | undefined): Place | null => {
  if (!isPlaced(state)) return null;
  if (before !== null && isPlaced(before.state)) return given ?? place ?? 'runs';
  return given ?? 'waits';
};

export const turnMessage = 'waits for its turn among the running jobs of the customer';

/** Of the customer's jobs those that count as running. State is asked too: an earlier release leaves `place` as it was when a job ends. */
export const runningOf = (customer: string): Filter => placedAs(customer, ['runs', 'paused'], ['Queued', 'Running']);

export const waitingOf = (customer: string): Filter => placedAs(customer, ['waits'], ['Queued']);

export const pausedOf = (customer: string): Filter => placedAs(customer, ['paused'], ['Queued', 'Running']);

const placedAs = (customer: string, places: readonly Place[], states: readonly JobState[]): Filter => ({
  op: 'and',
  all: [
    { op: 'eq', field: 'customer', value: customer },
    { op: 'in', field: 'place', values: places },
    { op: 'in', field: 'state', values: states },
  ],
});

interface Stored {
  readonly doc: Placed;
}

/** What a save did to the quotas of its customer. `before` is null for a new job, `job` for one that was deleted. */
export interface PlaceChange {
  readonly leftQueue: boolean;
  readonly joinedQueue: boolean;
  readonly leftPlace: boolean;
  readonly beganToWait: boolean;
}

export const placeChange = (job: Stored | null, before: Stored | null): PlaceChange => {
  const [now, was] = [job?.doc ?? null, before?.doc ?? null];
  const queues = now !== null && isInQueue(now);
  const queued = was !== null && isInQueue(was);
  return {
    leftQueue: queued && !queues,
    joinedQueue: queues && !queued,
    leftPlace: was !== null && hasPlace(was) && (now === null || !hasPlace(now)),
    beganToWait: now !== null && waitsFor(now) !== null && (was === null || waitsFor(was) === null),
  };
};
