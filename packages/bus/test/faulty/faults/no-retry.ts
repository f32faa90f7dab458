import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a handler that fails sees the event again',
  spoil: (healthy) => ({
    ...healthy,
    consume: (consumer) =>
      healthy.consume({ ...consumer, handle: (event) => consumer.handle(event).catch(() => undefined) }),
  }),
};
