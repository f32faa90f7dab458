import type { DumpRecord } from '@simfleet/storage';
import { isFooter, jsonOf, noBackup, readFooter, readHeader } from './archive-format.ts';
import type { ArchiveCounts, ArchiveFooter, ArchiveHeader } from './archive-format.ts';
import { readLines } from './archive-lines.ts';
import { createTally, differenceOf } from './tally.ts';

/** Told of how many records there are so far. */
export type OnRecords = (counts: ArchiveCounts) => void;

/** What a whole backup says of itself. */
export interface Archive {
  readonly header: ArchiveHeader;
  readonly footer: ArchiveFooter;
}

/**
 * The records of a backup, and at last what it says of itself. The records are to be believed only when that has come: until then the file may
 * turn out to be torn or changed, and `invalid-request` is thrown.
 */
async function* read(file: string, onRecords: OnRecords): AsyncGenerator<DumpRecord, Archive> {
  const tally = createTally();
  let header: ArchiveHeader | undefined;
  let footer: ArchiveFooter | undefined;
  let number = 0;
  for await (const { line, whole } of readLines(file)) {
    number += 1;
    if (footer !== undefined) throw noBackup(file, 'it goes on after its end');
    if (!whole) throw noBackup(file, `it is cut off in line ${number}`);
    if (header === undefined) {
      header = readHeader(file, line);
      tally.header(`${line}\n`);
    } else if (isFooter(line)) {
      footer = readFooter(file, line, number);
    } else {
      const record = jsonOf(file, line, number) as DumpRecord | null;
      if (!tally.record(record?.kind, `${line}\n`)) throw noBackup(file, `line ${number} is no record`);
      yield record as DumpRecord;
      onRecords(tally.counts);
    }
  }
  if (header === undefined) throw noBackup(file, 'it is empty');
  if (footer === undefined) throw noBackup(file, `it is cut off after line ${number}`);
  const found = tally.end();
  const difference = differenceOf(footer, found) ?? (found.sha256 === footer.sha256 ? null : 'another SHA-256');
  if (difference !== null) throw noBackup(file, `it has ${difference}`);
  return { header, footer };
}

/** Reads a backup to its end. Throws `invalid-request` when it is torn, changed or of another version, and what the file system says. */
export const verifyArchive = async (file: string, onRecords: OnRecords): Promise<Archive> => {
  const records = read(file, onRecords);
  for (;;) {
    const next = await records.next();
    if (next.done === true) return next.value;
  }
};

/** The records of a backup that was verified. Throws `invalid-request` after the last one when the file is not that one any more. */
export async function* recordsOf(file: string, verified: Archive, onRecords: OnRecords): AsyncGenerator<DumpRecord> {
  const { footer } = yield* read(file, onRecords);
  if (footer.sha256 !== verified.footer.sha256) throw noBackup(file, 'it was replaced while it was read');
}
