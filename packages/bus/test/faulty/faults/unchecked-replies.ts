import { errorCode } from '@simfleet/contracts';
import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a reply that does not fit its schema',
  spoil: (healthy) => ({
    ...healthy,
    request: (subject, body, timeoutMs) =>
      healthy.request(subject, body, timeoutMs).catch((error: unknown) => {
        if (errorCode(error) === 'internal') return {} as never;
        throw error;
      }),
  }),
};
