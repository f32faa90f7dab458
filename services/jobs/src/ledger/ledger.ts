import type { BlockResult, DoneBlock } from '@simfleet/contracts';
import type { Appended, Json, Log } from '@simfleet/storage';

/**
 * The finished blocks of each job, in order of arrival: the checkpoint, and alone what decides success. An entry's key is (block, paths), so
 * that the short last block of an old bound and the full block of a wider one are two entries.
 */
export interface Ledger {
  /**
   * Resolves once the blocks are durable, with their positions. Throws `not-reproducible` when one is there with other bytes; then nothing is
   * written.
   */
  append(jobId: string, done: readonly DoneBlock[], units: (block: number) => number): Promise<readonly Appended[]>;
  /** Entries after a position (0 = every entry), in pages, oldest first. */
  pages(jobId: string, after: number): AsyncIterable<LedgerPage>;
  /** Position of the last entry; 0 when there is none. At least as many blocks as the prefix has are in the ledger. */
  last(jobId: string): Promise<number>;
  drop(jobId: string): Promise<void>;
}

export interface LedgerPage {
  readonly blocks: readonly DoneBlock[];
  /** Position of the last of them. */
  readonly through: number;
}

/** Entries read at once: a megabyte or so. */
const pageSize = 2000;

const streamOf = (jobId: string): string => `ledger:${jobId}`;

export const openLedger = (log: Log): Ledger => ({
  async append(jobId, done, units) {
    const entries = done.map(({ block, result }) => ({
      key: `${block}:${units(block)}`,
      data: { block, result } as unknown as Json,
    }));
    return log.append(streamOf(jobId), entries);
  },
  async *pages(jobId, start) {
    for (let after = start; ;) {
      const entries = await log.read(streamOf(jobId), after, pageSize);
      after = entries.at(-1)?.position ?? after;
      const blocks = entries.map(({ data }) => data as unknown as { block: number; result: BlockResult });
      if (blocks.length > 0) yield { blocks, through: after };
      if (entries.length < pageSize) return;
    }
  },
  last: (jobId) => log.last(streamOf(jobId)),
  drop: (jobId) => log.drop(streamOf(jobId)),
});
