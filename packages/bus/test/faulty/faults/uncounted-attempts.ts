import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a letter tells who failed',
  spoil: (healthy) => ({
    ...healthy,
    deadLetters: async (query) => (await healthy.deadLetters(query)).map((letter) => ({ ...letter, attempts: 1 })),
  }),
};
