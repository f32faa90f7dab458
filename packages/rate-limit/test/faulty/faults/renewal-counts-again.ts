import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a lease that is renewed is held on',
  spoil(healthy) {
    let renewals = 0;
    return spoil(healthy, {
      decideOne({ lease, ...charge }) {
        renewals += 1;
        return healthy.decideOne(lease === undefined ? charge : { ...charge, lease: `${lease} ${renewals}` });
      },
    });
  },
};
