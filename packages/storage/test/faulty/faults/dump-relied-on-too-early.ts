import type { DumpRecord } from '@simfleet/storage';
import type { Fault } from '../fault.ts';

/** Documents that others rely on, read before those. */
export const fault: Fault = {
  rejectedBy: 'a dump tells no document without the one that was written before it for it',
  spoil: (healthy) => ({
    ...healthy,
    async *dump(): AsyncGenerator<DumpRecord> {
      const early: DumpRecord[] = [];
      for await (const record of healthy.dump()) early.push(record);
      const ofNames = (record: DumpRecord): boolean => record.kind === 'document' && record.collection === 'a_names';
      yield* early.slice(0, 1);
      let isFirst = true;
      for await (const record of healthy.dump()) {
        if (!isFirst && !ofNames(record)) yield record;
        if (record.kind === 'collection' && record.declaration.name === 'a_names') yield* early.filter(ofNames);
        isFirst = false;
      }
    },
  }),
};
