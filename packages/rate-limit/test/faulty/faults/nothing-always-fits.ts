import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'fixed-window: a cost of 0 asks',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const decision = healthy.decideOne(charge);
        return charge.cost === 0 ? { ...decision, allowed: true, retryAfterMs: 0 } : decision;
      },
    }),
};
