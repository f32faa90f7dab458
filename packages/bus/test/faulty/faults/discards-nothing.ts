import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a letter that is discarded is gone',
  spoil: (healthy) => ({ ...healthy, discard: async () => undefined }),
};
