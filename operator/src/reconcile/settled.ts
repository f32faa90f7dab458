import { resourceMarks } from '@simfleet/contracts';
import { canonicalJson } from '@simfleet/domain';
import type { BatchJob } from '../resources/batch-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { isFinal } from '../status/final.ts';
import { shardCounts } from '../status/status.ts';
import { hasEnded } from './plan-children.ts';

/**
 * Whether nothing is left to do for a resource: its status tells the end of the job as the spec now is, and what became of the pods, and no child is open. Costs no request, so that ten
 * thousand at rest cost nothing.
 */
export const isSettled = ({ metadata, status }: SimulationJob, children: readonly BatchJob[]): boolean => {
  if (metadata.deletionTimestamp !== undefined || status?.observedGeneration !== metadata.generation) return false;
  if (!isFinal(status?.state) || !children.every(hasEnded)) return false;
  const child = children.find(({ metadata: { labels } }) => labels?.[resourceMarks.run] === String(status?.run));
  return child === undefined || canonicalJson(shardCounts(child)) === canonicalJson(status?.counts?.shards ?? null);
};
