import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'any sequence of charges',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const { remaining } = healthy.peek({ ...charge, cost: 0 });
        return { ...healthy.decideOne(charge), remaining };
      },
    }),
};
