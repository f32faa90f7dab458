import { errorCode } from '@simfleet/contracts';
import { spoilLog, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'a key that is there with other data is refused',
  spoil: (healthy) =>
    spoilLog(healthy, (log) => ({
      async append(stream, entries) {
        try {
          return await log.append(stream, entries);
        } catch (error) {
          if (errorCode(error) !== 'not-reproducible') throw error;
          return entries.map((_, index) => ({ position: index + 1, duplicate: true }));
        }
      },
    })),
};
