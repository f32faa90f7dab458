import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a lease that is not renewed ends',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const { rule } = charge;
        return healthy.decideOne(
          'leaseMs' in rule ? { ...charge, rule: { ...rule, leaseMs: 31 * 86_400_000 } } : charge,
        );
      },
    }),
};
