import type { Fault } from '../fault.ts';

/** What waits when an instance ends is taken for handled. */
export const fault: Fault = {
  rejectedBy: 'what an instance leaves when it ends goes to another',
  spoil: (healthy) => ({ ...healthy, publish: (event) => healthy.publish(event).catch(() => undefined) }),
};
