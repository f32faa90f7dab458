import type { SimulationJob } from '../resources/simulation-job.ts';

/**
 * Milliseconds until the resource of a finished job goes, 0 = now; null = it stays. Only that of a job that was born as a resource: the platform keeps its record. The record of a job of
 * the API goes by its own TTL, and its resource with it.
 */
export const timeLeftMs = ({ spec, status }: SimulationJob, isApiBorn: boolean, now: number): number | null => {
  const { ttlSecondsAfterFinished: ttl } = spec;
  if (isApiBorn || ttl === undefined || status?.completionTime === undefined) return null;
  return Math.max(0, Date.parse(status.completionTime) + ttl * 1000 - now);
};
