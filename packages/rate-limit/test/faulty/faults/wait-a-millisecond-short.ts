import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'leaky-bucket: waiting as told is enough',
  spoil: (healthy) =>
    spoil(healthy, {
      decideOne(charge) {
        const decision = healthy.decideOne(charge);
        return decision.retryAfterMs === null
          ? decision
          : { ...decision, retryAfterMs: Math.max(0, decision.retryAfterMs - 1) };
      },
    }),
};
