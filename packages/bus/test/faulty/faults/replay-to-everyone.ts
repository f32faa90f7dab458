import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a replay reaches the consumer that failed and nobody else',
  spoil: (healthy) => ({
    ...healthy,
    async replay(letterId) {
      const letter = (await healthy.deadLetters({ limit: 1000 })).find(({ id }) => id === letterId);
      await healthy.discard(letterId);
      if (letter !== undefined) await healthy.publish(letter.event);
    },
  }),
};
