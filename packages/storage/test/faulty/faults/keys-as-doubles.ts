import { properly, spoilOrder, type Fault } from '../fault.ts';

const double = (key: unknown): unknown => (typeof key === 'bigint' ? Number(key) : key);

export const fault: Fault = {
  rejectedBy: '64-bit keys sort as numbers and keep every digit',
  spoil: (healthy) =>
    spoilOrder(healthy, (left, right) => properly(double(left.key), double(right.key)) || properly(left.id, right.id)),
};
