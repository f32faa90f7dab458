import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-log: a refused charge leaves no trace',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const decision = healthy.decideOne(charge);
        if (!decision.allowed) healthy.decideOne({ ...charge, cost: 1, force: true });
        return decision;
      },
    }),
};
