import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'token-bucket: costs are fractions too',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne: ({ cost = 1, ...charge }) => healthy.decideOne({ ...charge, cost: Math.floor(cost) }),
    }),
};
