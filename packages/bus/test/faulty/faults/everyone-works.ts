import type { Fault } from '../fault.ts';

/** Each instance is a consumer of its own. */
export const fault: Fault = {
  rejectedBy: 'each event goes to one of the instances',
  spoil(healthy) {
    let instances = 0;
    return {
      ...healthy,
      consume: (consumer) => healthy.consume({ ...consumer, name: `${consumer.name} ${(instances += 1)}` }),
    };
  },
};
