import type { DumpRecord } from '@simfleet/storage';
import { canonicalJson } from '@simfleet/storage/documents';
import { footerLine, headerLine } from './archive-format.ts';
import type { ArchiveFooter, ArchiveHeader } from './archive-format.ts';
import { writeLines } from './archive-lines.ts';
import type { OnRecords } from './read-archive.ts';
import { createTally } from './tally.ts';

/** The line of a record: equal records give equal lines, whatever the store. */
const lineOf = (record: DumpRecord): string => `${canonicalJson(record)}\n`;

/** Counts and digests of a dump, without writing it. */
export const tallyOf = async (records: AsyncIterable<DumpRecord>, onRecords: OnRecords): Promise<ArchiveFooter> => {
  const tally = createTally();
  for await (const record of records) {
    tally.record(record.kind, lineOf(record));
    onRecords(tally.counts);
  }
  return tally.end();
};

interface Writing {
  readonly header: ArchiveHeader;
  readonly records: AsyncIterable<DumpRecord>;
  readonly sink: NodeJS.WritableStream;
  readonly onRecords: OnRecords;
  readonly signal: AbortSignal;
}

/** Writes a backup record by record. What was written is none unless this resolves. */
export const writeArchive = async ({ header, records, sink, onRecords, signal }: Writing): Promise<ArchiveFooter> => {
  const tally = createTally();
  let footer: ArchiveFooter | undefined;
  const lines = async function* (): AsyncGenerator<string> {
    const first = headerLine(header);
    tally.header(first);
    yield first;
    for await (const record of records) {
      const line = lineOf(record);
      tally.record(record.kind, line);
      yield line;
      onRecords(tally.counts);
    }
    footer = tally.end();
    yield footerLine(footer);
  };
  await writeLines(lines(), sink, signal);
  return footer ?? tally.end();
};
