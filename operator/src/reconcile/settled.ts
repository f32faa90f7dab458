import type { JobState } from '@simfleet/contracts';
import type { BatchJob } from '../resources/batch-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { hasEnded } from './plan-children.ts';

const final: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Cancelled'] satisfies JobState[]);

/** Whether nothing is left to do for a resource: its status tells the end of the job as the spec now is, and no child is open. Costs no request, so that ten thousand at rest cost nothing. */
export const isSettled = ({ metadata, status }: SimulationJob, children: readonly BatchJob[]): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.observedGeneration === metadata.generation &&
  final.has(status?.state ?? '') &&
  children.every(hasEnded);
