import type { Fault } from '../fault.ts';

/** Only the first instance of a name ever works. */
export const fault: Fault = {
  rejectedBy: 'when the instance that had work ends, another goes on',
  spoil(healthy) {
    const names = new Set<string>();
    return {
      ...healthy,
      async consume(consumer) {
        if (names.has(consumer.name)) return async () => undefined;
        names.add(consumer.name);
        return healthy.consume(consumer);
      },
    };
  },
};
