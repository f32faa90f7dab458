import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-counter: a cost above the limit never fits',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const decision = healthy.decideOne(charge);
        return { ...decision, retryAfterMs: decision.retryAfterMs ?? decision.resetMs };
      },
    }),
};
