import type { Fault } from '../fault.ts';

/** Shows what comes after a page from the letter before it. */
export const fault: Fault = {
  rejectedBy: 'letters come oldest first, in pages',
  spoil: (healthy) => ({
    ...healthy,
    async deadLetters({ after, limit }) {
      const letters = await healthy.deadLetters({ limit: 1000 });
      return letters.filter(({ id }) => after === undefined || id >= after).slice(0, limit);
    },
  }),
};
