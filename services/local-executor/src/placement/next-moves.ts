import { fairGrants } from './fair-grants.ts';
import type { Claim } from './fair-grants.ts';

/** A run as placement sees it: `wanted` includes the shards that run. */
export interface Standing extends Claim {
  /** Shards that hold a slot, those asked to leave included. */
  readonly running: number;
  /** Of these, asked to leave already. */
  readonly leaving: number;
}

export interface Moves {
  /** A shard of this job for each entry, in this order. */
  readonly start: readonly string[];
  /** A shard of this job gives up its slot for each entry: others wait with less than their fair share. */
  readonly release: readonly string[];
}

/**
 * What brings the running shards closer to the fair grants: free slots are filled in the order of the grants, and jobs above their grant release
 * what they have too much, the job furthest above first, the youngest among equals. Since grants leave no slot empty that somebody wants, every
 * surplus is matched by a grant without a slot; a slot that is about to come free counts for neither.
 */
export const nextMoves = (capacity: number, standings: readonly Standing[]): Moves => {
  const grants = fairGrants(capacity, standings);
  const held = standings.reduce((sum, { running }) => sum + running, 0);
  return {
    start: missingGrants(grants, standings).slice(0, Math.max(0, capacity - held)),
    release: surplus(grants, standings),
  };
};

/** Grants that no running shard fills yet, in the order of the grants. */
const missingGrants = (grants: readonly string[], standings: readonly Standing[]): readonly string[] => {
  const staying = new Map(standings.map(({ jobId, running, leaving }) => [jobId, running - leaving]));
  return grants.filter((jobId) => {
    const filled = staying.get(jobId) ?? 0;
    if (filled > 0) staying.set(jobId, filled - 1);
    return filled <= 0;
  });
};

/** An entry for each shard above its job's grant. */
const surplus = (grants: readonly string[], standings: readonly Standing[]): readonly string[] => {
  const granted = Map.groupBy(grants, (jobId) => jobId);
  const excessOf = ({ jobId, running, leaving }: Standing): number =>
    running - leaving - (granted.get(jobId)?.length ?? 0);
  return standings
    .filter((standing) => excessOf(standing) > 0)
    .flatMap((each) =>
      Array.from({ length: excessOf(each) }, (_, taken) => ({ ...each, excess: excessOf(each) - taken })),
    )
    .sort((a, b) => b.excess - a.excess || b.order - a.order || (a.jobId < b.jobId ? 1 : -1))
    .map(({ jobId }) => jobId);
};
