import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-log: what is forced counts',
  spoil: (healthy) => spoil(healthy, { decideOne: (charge) => healthy.decideOne({ ...charge, force: false }) }),
};
