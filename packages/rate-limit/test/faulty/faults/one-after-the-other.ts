import { spoil, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'token-bucket: decided with another',
  spoil: (healthy) => spoil(healthy, { decide: (charges) => charges.map((charge) => healthy.decideOne(charge)) }),
};
