import { properly, spoilOrder, type Fault } from '../fault.ts';

const last = (left: unknown, right: unknown): number =>
  left === null || right === null ? Number(left === null) - Number(right === null) : properly(left, right);

export const fault: Fault = {
  rejectedBy: 'null and missing values sort first',
  spoil: (healthy) => spoilOrder(healthy, (left, right) => last(left.key, right.key) || properly(left.id, right.id)),
};
