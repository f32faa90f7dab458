import type { Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'what is no dump is refused, and nothing of it is left',
  spoil: (healthy) => {
    let half = false;
    return {
      ...healthy,
      async load(records) {
        try {
          await healthy.load(records);
        } catch (error) {
          half = true;
          throw error;
        }
      },
      async *dump() {
        yield* healthy.dump();
        if (half) yield { kind: 'stream', name: 'zzz', last: 1 };
      },
    };
  },
};
