import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'keys of any length count apart',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne: (charge) => healthy.decideOne({ ...charge, key: charge.key.slice(0, 128) }),
      peek: (charge) => healthy.peek({ ...charge, key: charge.key.slice(0, 128) }),
    }),
};
