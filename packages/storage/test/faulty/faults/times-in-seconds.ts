import { properly, spoilOrder, type Fault } from '../fault.ts';

const seconds = (key: unknown): unknown =>
  typeof key === 'string' && /^\d{4}-\d\d-\d\dT/.test(key) ? Math.floor(Date.parse(key) / 1000) : key;

export const fault: Fault = {
  rejectedBy: 'times sort to the millisecond',
  spoil: (healthy) =>
    spoilOrder(
      healthy,
      (left, right) => properly(seconds(left.key), seconds(right.key)) || properly(left.id, right.id),
    ),
};
