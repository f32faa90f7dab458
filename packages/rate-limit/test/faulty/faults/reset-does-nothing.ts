import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'token-bucket: a reset forgets',
  spoil: (healthy) => spoil(healthy, { reset: () => undefined }),
};
