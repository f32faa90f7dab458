import type { DumpRecord } from '../dump.ts';
import type { Storage } from '../storage.ts';

/** Name of what a record belongs to: its collection or its stream. */
const belongsTo = (record: DumpRecord): string => {
  if (record.kind === 'collection') return record.declaration.name;
  if (record.kind === 'stream') return record.name;
  return record.kind === 'entry' ? record.stream : record.collection;
};

/** What a store holds; with a prefix only what belongs to names that begin with it. */
export const recordsOf = async (storage: Pick<Storage, 'dump'>, prefix = ''): Promise<readonly DumpRecord[]> => {
  const records: DumpRecord[] = [];
  for await (const record of storage.dump()) if (belongsTo(record).startsWith(prefix)) records.push(record);
  return records;
};
