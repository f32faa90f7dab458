import { setTimeout as sleep } from 'node:timers/promises';
import type { DumpRecord } from '@simfleet/storage';
import type { Fault } from '../fault.ts';

/** Streams read before the documents that rely on them. */
export const fault: Fault = {
  rejectedBy: 'a dump beside writers tells no document without the entries',
  spoil: (healthy) => ({
    ...healthy,
    async *dump(): AsyncGenerator<DumpRecord> {
      const early: DumpRecord[] = [];
      for await (const record of healthy.dump()) early.push(record);
      await sleep(1);
      const ofStreams = (record: DumpRecord): boolean => record.kind === 'stream' || record.kind === 'entry';
      for await (const record of healthy.dump()) if (!ofStreams(record)) yield record;
      yield* early.filter(ofStreams);
    },
  }),
};
