import { spoilLog, type Fault } from '../fault.ts';

/** A refused duplicate uses its position up, as a database sequence would. */
export const fault: Fault = {
  rejectedBy: 'a key that is there with equal data is a duplicate and leaves no gap',
  spoil: (healthy) =>
    spoilLog(healthy, (log) => ({
      async append(stream, entries) {
        const appended = await log.append(stream, entries);
        for (const { duplicate } of appended) {
          if (duplicate) await log.append(stream, [{ key: `hole ${Math.random()}`, data: null }]);
        }
        return appended;
      },
      async read(stream, after, limit) {
        return (await log.read(stream, after, limit)).filter(({ key }) => !key.startsWith('hole'));
      },
    })),
};
