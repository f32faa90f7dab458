import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'sliding-log: a refund that comes late opens nothing',
  spoil(healthy) {
    let newest = 0;
    return spoil(healthy, {
      decideOne(charge) {
        const decision = healthy.decideOne(charge);
        newest = decision.at;
        return decision;
      },
      refund: (charge) => healthy.refund(charge, newest),
    });
  },
};
