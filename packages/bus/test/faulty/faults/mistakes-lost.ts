import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { Fault } from '../fault.ts';

/** An error that crosses keeps its code alone. */
export const fault: Fault = {
  rejectedBy: 'an error of ours keeps its detail and its mistakes',
  spoil: (healthy) => ({
    ...healthy,
    request: (subject, body, options) =>
      healthy.request(subject, body, options).catch((error: unknown) => {
        const { detail } = error as SimfleetError;
        throw new SimfleetError(errorCode(error) ?? 'internal', detail);
      }),
  }),
};
