import { spoilLog, type Fault } from '../fault.ts';

export const fault: Fault = {
  rejectedBy: 'U+0000 is refused in names and keys',
  spoil: (healthy) =>
    spoilLog(healthy, (log) => ({
      append: (stream, entries) =>
        log.append(
          stream,
          entries.map(({ key, data }) => ({ key: key.replaceAll('\0', ''), data })),
        ),
    })),
};
