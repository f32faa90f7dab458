import type { Fault } from '../fault.ts';

/** Whoever answers gets what was meant for somebody by name. */
export const fault: Fault = {
  rejectedBy: 'a request to a name reaches who answers as it',
  spoil: (healthy) => ({
    ...healthy,
    request: (subject, body, { timeoutMs = 5000 } = {}) => healthy.request(subject, body, { timeoutMs }),
    answer: (subject, handler) => healthy.answer(subject, handler),
  }),
};
