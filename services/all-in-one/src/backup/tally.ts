import { createHash } from 'node:crypto';
import type { DumpRecord } from '@simfleet/storage';
import type { ArchiveCounts, ArchiveFooter } from './archive-format.ts';

type Kind = DumpRecord['kind'];
const memberOf = {
  collection: 'collections',
  document: 'documents',
  event: 'events',
  stream: 'streams',
  entry: 'entries',
} as const satisfies Readonly<Record<Kind, keyof ArchiveCounts>>;

const isKind = (kind: unknown): kind is Kind => typeof kind === 'string' && Object.hasOwn(memberOf, kind);

/** Counts and digests of lines as they go by. */
export interface Tally {
  header(line: string): void;
  /** A record's line with its end; false for one of no known kind. */
  record(kind: unknown, line: string): boolean;
  readonly counts: ArchiveCounts;
  end(): ArchiveFooter;
}

export const createTally = (): Tally => {
  const counts = { collections: 0, documents: 0, events: 0, streams: 0, entries: 0 };
  const content = createHash('sha256');
  const all = createHash('sha256');
  return {
    header: (line) => void all.update(line),
    record(kind, line) {
      if (!isKind(kind)) return false;
      counts[memberOf[kind]] += 1;
      content.update(line);
      all.update(line);
      return true;
    },
    counts,
    end: () => ({ counts: { ...counts }, content: content.digest('hex'), sha256: all.digest('hex') }),
  };
};

const members = Object.values(memberOf);

/** How the content of two dumps differs, for people; null when it does not. */
export const differenceOf = (wanted: ArchiveFooter, found: ArchiveFooter): string | null => {
  const other = members.find((member) => wanted.counts[member] !== found.counts[member]);
  if (other !== undefined) return `${found.counts[other]} ${other} instead of ${wanted.counts[other]}`;
  return wanted.content === found.content ? null : 'content with another SHA-256';
};
