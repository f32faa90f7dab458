import type { NewEntry } from '@simfleet/storage';
import { sharedOpener } from '../shared.ts';
import { spoilLog, type Fault } from '../fault.ts';

/** Each store keeps the keys that it has seen to itself. */
export const openAt = sharedOpener((handle) => {
  const own = Math.random();
  const marked = ({ key, data }: NewEntry): NewEntry => ({ key: `${key}#${own}`, data });
  return spoilLog(handle, (log) => ({ append: (stream, entries) => log.append(stream, entries.map(marked)) }));
});

export const fault: Fault = {
  rejectedBy: 'one key appended by several stores is written once',
  opener: import.meta.url,
  shared: true,
  spoil: (healthy) => healthy,
};
