import { AsyncResource } from 'node:async_hooks';
import type { Fault } from '../fault.ts';

/** Handlers that run within the context of whoever registered or published, not of the event. */
export const fault: Fault = {
  rejectedBy: 'a handler runs within the trace of its event',
  spoil: (healthy) => ({
    ...healthy,
    consume: (consumer) => healthy.consume({ ...consumer, handle: AsyncResource.bind(consumer.handle) }),
  }),
};
