import type { Fault } from '../fault.ts';

/** A replay leaves the letter. */
export const fault: Fault = {
  rejectedBy: 'a replay reaches the consumer that failed and nobody else, and the letter is gone',
  spoil(healthy) {
    const replayed: Awaited<ReturnType<typeof healthy.deadLetters>>[number][] = [];
    return {
      ...healthy,
      async replay(letterId) {
        replayed.push(...(await healthy.deadLetters({ limit: 1000 })).filter(({ id }) => id === letterId));
        await healthy.replay(letterId);
      },
      deadLetters: async (query) => [...replayed, ...(await healthy.deadLetters(query))],
    };
  },
};
