import type { TestControlPlane } from '@simfleet/testing';
import { childJobsPath, simulationJobsPath } from './cluster.ts';
import { watchFromNow } from './watch.ts';

/** Looks on while SimulationJobs get their children and their status. */
export interface Arrivals {
  /** Resolves when every one of them has a child and a status that was written; throws after `limitMs` and says how far it was. */
  all(names: readonly string[], limitMs: number): Promise<void>;
  stop(): void;
}

export const watchArrivals = async (plane: TestControlPlane): Promise<Arrivals> => {
  const withStatus = new Set<string>();
  const withChild = new Set<string>();
  let wake = (): void => undefined;
  const stops = [
    await watchFromNow(plane, simulationJobsPath, ({ metadata, status }) => {
      if ((status?.conditions?.length ?? 0) > 0) withStatus.add(metadata.name);
      wake();
    }),
    await watchFromNow(plane, childJobsPath, ({ metadata }) => {
      for (const { name } of metadata.ownerReferences ?? []) withChild.add(name);
      wake();
    }),
  ];
  return {
    async all(names, limitMs) {
      const missing = new Set(names);
      const limit = AbortSignal.timeout(limitMs);
      limit.addEventListener('abort', () => wake());
      for (;;) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        for (const name of missing) if (withStatus.has(name) && withChild.has(name)) missing.delete(name);
        if (missing.size === 0) return;
        if (limit.aborted)
          throw new Error(
            `${missing.size} of ${names.length} have no child or status: ${[...missing].slice(0, 3).join(', ')} …`,
          );
        await woken;
      }
    },
    stop: () => stops.forEach((stop) => stop()),
  };
};
