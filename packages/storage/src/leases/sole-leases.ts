import { randomUUID } from 'node:crypto';
import type { Leases } from './leases.ts';

/** Leases on a store that no other process uses: this one holds everything, and nothing is written. */
export const openSoleLeases = (): Leases => {
  const memberId = randomUUID();
  return {
    memberId,
    holderOf: async () => memberId,
    holdersOf: async (names) => new Map(names.map((name) => [name, memberId])),
    isAlive: async (member) => member === memberId,
    holds: () => true,
    release: async () => undefined,
    onLost: () => () => undefined,
    close: async () => undefined,
  };
};
