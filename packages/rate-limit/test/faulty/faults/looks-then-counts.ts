import { setImmediate } from 'node:timers/promises';
import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'fixed-window: many at once are admitted',
  spoil: (healthy) =>
    spoil(healthy, {
      async decideOne(charge) {
        const seen = healthy.peek(charge);
        await setImmediate();
        return seen.allowed ? healthy.decideOne({ ...charge, force: true }) : seen;
      },
    }),
};
