import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'refuses a negative cost',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne: ({ cost = 1, ...charge }) => healthy.decideOne({ ...charge, cost: Math.max(0, cost) }),
    }),
};
