import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'leaky-bucket: a changed limit goes on',
  spoil: (healthy) =>
    spoil(healthy, {
      peek: (charge) =>
        healthy.peek({ ...charge, rule: { ...charge.rule, name: `${charge.rule.name}-${charge.rule.limit}` } }),
      decideOne: (charge) =>
        healthy.decideOne({ ...charge, rule: { ...charge.rule, name: `${charge.rule.name}-${charge.rule.limit}` } }),
    }),
};
