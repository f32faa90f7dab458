import { properly, spoilOrder, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'rows with equal keys sort by id',
  spoil: (healthy) => spoilOrder(healthy, ({ key: left }, { key: right }) => properly(left, right)),
};
