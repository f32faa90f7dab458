import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-log: admits no more than its bound',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const { rule } = charge;
        return healthy.decideOne(
          'windowMs' in rule ? { ...charge, rule: { ...rule, windowMs: rule.windowMs - 1 } } : charge,
        );
      },
    }),
};
