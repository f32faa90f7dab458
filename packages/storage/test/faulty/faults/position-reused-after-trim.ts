import { spoilLog, type Fault } from '../fault.ts';

/** Positions counted from what is left, as `max(position) + 1` would. */
export const fault: Fault = {
  rejectedBy: 'trimmed positions are never given again',
  spoil: (healthy) =>
    spoilLog(healthy, (log) => ({
      async trim(stream, through) {
        if (through >= (await log.last(stream))) await log.drop(stream);
        else await log.trim(stream, through);
      },
    })),
};
