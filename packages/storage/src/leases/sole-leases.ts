import type { Leases } from './leases.ts';

/** Leases on a store that no other process uses: this one holds everything, and nothing is written. */
export const openSoleLeases = (): Leases => ({
  memberId: 'sole',
  holderOf: async () => 'sole',
  holds: () => true,
  release: async () => undefined,
  onLost: () => () => undefined,
  close: async () => undefined,
});
