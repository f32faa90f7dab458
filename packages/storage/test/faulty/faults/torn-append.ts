import type { Appended } from '@simfleet/storage';
import { spoilLog, type Fault } from '../fault.ts';

/** Entries of one call written one by one: those before the refused one stay. */
export const fault: Fault = {
  rejectedBy: 'a key that is there with other data is refused, and nothing of the call is written',
  spoil: (healthy) =>
    spoilLog(healthy, (log) => ({
      async append(stream, entries) {
        const appended: Appended[] = [];
        for (const entry of entries) appended.push(...(await log.append(stream, [entry])));
        return appended;
      },
    })),
};
