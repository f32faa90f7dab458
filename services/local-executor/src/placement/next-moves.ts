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
 * What brings the running shards closer to the fair grants. Free slots are filled at once; beyond that, jobs above their grant release one shard
 * for each grant that has no slot, the job furthest above first, the youngest among equals.
 */
export const nextMoves = (capacity: number, standings: readonly Standing[]): Moves => {
  const missing = missingGrants(fairGrants(capacity, standings), standings);
  const held = sum(standings.map(({ running }) => running));
  const leaving = sum(standings.map((standing) => standing.leaving));
  const free = Math.max(0, capacity - held);
  return {
    start: missing.slice(0, free),
    release: surplus(capacity, standings).slice(0, Math.max(0, missing.length - free - leaving)),
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Grants that no running shard fills yet, in the order of the grants. */
const missingGrants = (grants: readonly string[], standings: readonly Standing[]): readonly string[] => {
  const staying = new Map(standings.map(({ jobId, running, leaving }) => [jobId, running - leaving]));
  return grants.filter((jobId) => {
    const filled = staying.get(jobId) ?? 0;
    if (filled > 0) staying.set(jobId, filled - 1);
    return filled <= 0;
  });
};

/** Jobs that could release a shard, an entry for each shard above their grant. */
const surplus = (capacity: number, standings: readonly Standing[]): readonly string[] => {
  const granted = Map.groupBy(fairGrants(capacity, standings), (jobId) => jobId);
  const above = standings
    .map((standing) => ({
      ...standing,
      excess: standing.running - standing.leaving - (granted.get(standing.jobId)?.length ?? 0),
    }))
    .filter(({ excess }) => excess > 0);
  return above
    .flatMap((each) => Array.from({ length: each.excess }, (_, taken) => ({ ...each, excess: each.excess - taken })))
    .sort((a, b) => b.excess - a.excess || b.order - a.order || (a.jobId < b.jobId ? 1 : -1))
    .map(({ jobId }) => jobId);
};
