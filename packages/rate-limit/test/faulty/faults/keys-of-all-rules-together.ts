import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'all six algorithms are decided together',
  spoil: (healthy) =>
    spoil(healthy, {
      decide: (charges) =>
        charges.map((charge) => healthy.decideOne({ ...charge, rule: { ...charge.rule, name: 'one' } })),
    }),
};
