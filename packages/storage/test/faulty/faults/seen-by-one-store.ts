import { sharedOpener } from '../shared.ts';
import { spoilLog, type Fault } from '../fault.ts';

/** Remembers ends of streams instead of asking for them. */
export const openAt = sharedOpener((handle) => {
  const known = new Map<string, number>();
  return spoilLog(handle, (log) => ({
    async last(stream) {
      const last = known.get(stream) ?? (await log.last(stream));
      known.set(stream, last);
      return last;
    },
  }));
});

export const fault: Fault = {
  rejectedBy: 'what one store acknowledged every other sees',
  opener: import.meta.url,
  shared: true,
  spoil: (healthy) => healthy,
};
