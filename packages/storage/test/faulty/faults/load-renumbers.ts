import type { DumpRecord } from '@simfleet/storage';
import type { Fault } from '../fault.ts';

/** Loads by appending, as if nothing had ever been trimmed. */
export const fault: Fault = {
  rejectedBy: 'a loaded store has what the first one had',
  spoil: (healthy) => ({
    ...healthy,
    load: (records) => healthy.load(fromOne(records)),
  }),
};

async function* fromOne(records: AsyncIterable<DumpRecord>): AsyncGenerator<DumpRecord> {
  const trimmed = new Map<string, number>();
  const last = new Map<string, number>();
  const all: DumpRecord[] = [];
  for await (const record of records) {
    all.push(record);
    if (record.kind !== 'entry') continue;
    if (!trimmed.has(record.stream)) trimmed.set(record.stream, record.position - 1);
    last.set(record.stream, record.position);
  }
  for (const record of all) {
    const shift = (stream: string): number => trimmed.get(stream) ?? 0;
    if (record.kind === 'stream') yield { ...record, last: record.last - shift(record.name) };
    else if (record.kind === 'entry') yield { ...record, position: record.position - shift(record.stream) };
    else yield record;
  }
}
