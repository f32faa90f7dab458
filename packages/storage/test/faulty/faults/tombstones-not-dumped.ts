import type { DumpRecord } from '@simfleet/storage';
import type { Fault } from '../fault.ts';

/** Events read together with the documents that carry them: those of deleted ones are left out. */
export const fault: Fault = {
  rejectedBy: 'a dump tells everything that is there',
  spoil: (healthy) => ({
    ...healthy,
    async *dump(): AsyncGenerator<DumpRecord> {
      const documents = new Set<string>();
      for await (const record of healthy.dump()) {
        if (record.kind === 'document') documents.add(record.id);
        if (record.kind !== 'event' || documents.has(record.document)) yield record;
      }
    },
  }),
};
