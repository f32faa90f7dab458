import type { Lease } from '@simfleet/contracts';

/** Blocks that a shard may run, lowest first. A lease that comes while an older one is unfinished adds to it. */
export interface BlockQueue {
  /** Adds a lease; blocks that wait already, or that `held` names, are not added again. */
  add(lease: Lease, held: ReadonlySet<number>): void;
  next(): number | undefined;
  readonly size: number;
  clear(): void;
}

export const openBlockQueue = (): BlockQueue => {
  let waiting: number[] = [];
  return {
    add(lease, held) {
      const known = new Set(waiting);
      for (let block = lease.first; block < lease.first + lease.count; block++) {
        if (!known.has(block) && !held.has(block)) waiting.push(block);
      }
      waiting.sort((a, b) => a - b);
    },
    next: () => waiting.shift(),
    get size() {
      return waiting.length;
    },
    clear() {
      waiting = [];
    },
  };
};
