import { SimfleetError } from '@simfleet/contracts';
import { z } from 'zod';

/**
 * A backup is a zstd stream of lines: the header, one line for each record of the store's dump in canonical JSON (RFC 8785), and the footer.
 * Only a file whose footer is there and fits what is before it is a backup.
 */
export const archiveVersion = 1;

const count = z.int().min(0);
export const archiveCounts = z.strictObject({
  collections: count,
  documents: count,
  events: count,
  streams: count,
  entries: count,
});
/** Records by kind. */
export type ArchiveCounts = z.infer<typeof archiveCounts>;

const archiveHeader = z.strictObject({
  simfleet: z.literal('backup'),
  version: z.literal(archiveVersion),
  /** Release that wrote it. */
  platform: z.string(),
  /** What the store was, for people. */
  store: z.string(),
  /** When the backup began, RFC 3339. */
  created: z.string(),
});
export type ArchiveHeader = z.infer<typeof archiveHeader>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const archiveFooter = z.strictObject({
  end: z.strictObject({
    counts: archiveCounts,
    /** Over the lines of the records: the same for every store that holds the same. */
    content: sha256,
    /** Over all lines before this one. */
    sha256,
  }),
});
export type ArchiveFooter = z.infer<typeof archiveFooter>['end'];

/** No member of a record sorts to where this starts a line. */
const footerStart = '{"end":';
export const isFooter = (line: string): boolean => line.startsWith(footerStart);
export const footerLine = (end: ArchiveFooter): string => `${JSON.stringify({ end })}\n`;
export const headerLine = (header: ArchiveHeader): string => `${JSON.stringify(header)}\n`;

/** A file that cannot be restored. */
export const noBackup = (file: string, why: string, cause?: unknown): SimfleetError =>
  new SimfleetError('invalid-request', `${file} is no whole backup: ${why}. Nothing was written.`, { cause });

export const jsonOf = (file: string, line: string, number: number): unknown => {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw noBackup(file, `line ${number} is no JSON`, error);
  }
};

/** Throws `invalid-request` for anything but a header of this version. */
export const readHeader = (file: string, line: string): ArchiveHeader => {
  const value = jsonOf(file, line, 1);
  const read = archiveHeader.safeParse(value);
  if (read.success) return read.data;
  const version = z
    .looseObject({ simfleet: z.literal('backup'), version: z.int(), platform: z.string() })
    .safeParse(value);
  if (!version.success || version.data.version === archiveVersion)
    throw noBackup(file, 'it does not begin as a backup does');
  const { version: found, platform } = version.data;
  const detail = `${file} has version ${found} of the format, which is not known here: restore it with the release that wrote it, ${platform}.`;
  throw new SimfleetError('invalid-request', detail);
};

/** Throws `invalid-request` for a line that only begins as a footer does. */
export const readFooter = (file: string, line: string, number: number): ArchiveFooter => {
  const read = archiveFooter.safeParse(jsonOf(file, line, number));
  if (read.success) return read.data.end;
  throw noBackup(file, 'its last line was changed');
};
