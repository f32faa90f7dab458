import type { Progress } from '@simfleet/contracts';
import { expectedPaths } from '@simfleet/domain';
import type { JobFold } from './job-fold.ts';

/** Progress of a fold. `least` is the fraction told before: it never falls, though the expected number of paths may rise. */
export const progressOf = (
  fold: JobFold,
  now: { readonly pathsPerSecond: number | null; readonly activeShards: number; readonly least: number | null },
): Progress => {
  const expected = expectedPaths(fold.rules, fold.state);
  const { pathsPerSecond } = now;
  const remaining = expected === null ? null : Math.max(0, expected - fold.paths);
  const ended = fold.state.ended !== null;
  return {
    blocks: fold.prefix,
    blocksReported: fold.reported,
    paths: fold.paths,
    fraction: ended ? 1 : fraction(fold.paths, expected, now.least),
    pathsPerSecond,
    remainingSeconds:
      remaining === null || pathsPerSecond === null || pathsPerSecond <= 0 ? null : remaining / pathsPerSecond,
    activeShards: now.activeShards,
  };
};

const fraction = (paths: number, expected: number | null, least: number | null): number | null => {
  if (expected === null || expected <= 0) return least;
  return Math.max(Math.min(1, paths / expected), least ?? 0);
};
