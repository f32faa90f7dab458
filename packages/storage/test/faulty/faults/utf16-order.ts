import { properly, spoilOrder, type Fault } from '../fault.ts';

/** The order that JavaScript's `<` gives. */
const byUnits = (left: unknown, right: unknown): number =>
  typeof left === 'string' && typeof right === 'string'
    ? Number(left > right) - Number(left < right)
    : properly(left, right);

export const fault: Fault = {
  rejectedBy: 'text sorts by Unicode code point',
  spoil: (healthy) => spoilOrder(healthy, (left, right) => byUnits(left.key, right.key) || byUnits(left.id, right.id)),
};
