import type { Fault } from '../fault.ts';

/** Orders by event instead of by source, so that a later event overtakes an earlier one. */
export const fault: Fault = {
  rejectedBy: 'events of one source are handled in order, one at a time',
  spoil: (healthy) => ({
    ...healthy,
    publish: (event) => healthy.publish({ ...event, source: `${event.source}/${event.id}` }),
  }),
};
