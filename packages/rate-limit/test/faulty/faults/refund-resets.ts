import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-counter: what is given back at once was never taken',
  spoil: (healthy) => spoil(healthy, { refund: (charge) => healthy.reset(charge.rule, charge.key) }),
};
