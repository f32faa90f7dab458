import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-counter: admits no more than its bound',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne: (charge) => healthy.decideOne({ ...charge, rule: { ...charge.rule, limit: charge.rule.limit + 1 } }),
    }),
};
