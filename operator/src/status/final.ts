import type { JobState, SimulationJobStatus } from '@simfleet/contracts';

const final: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Cancelled'] satisfies JobState[]);

/** Whether a status tells of a job that is over. */
export const isFinal = (state: SimulationJobStatus['state']): boolean => final.has(state ?? '');
