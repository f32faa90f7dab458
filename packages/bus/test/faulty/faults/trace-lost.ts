import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a handler runs within the trace of its event',
  spoil: (healthy) => ({
    ...healthy,
    publish: ({ traceparent: _lost, ...event }) => healthy.publish(event),
  }),
};
