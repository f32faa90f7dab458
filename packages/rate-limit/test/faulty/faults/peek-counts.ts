import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'fixed-window: peeks count nothing',
  spoil: (healthy) => spoil(healthy, { peek: (charge) => healthy.decideOne(charge) }),
};
