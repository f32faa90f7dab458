import type { BlockResult, DoneBlock } from '@simfleet/contracts';
import type { Json, Log } from '@simfleet/storage';

/**
 * The finished blocks of each job, in order of arrival: the checkpoint, and alone what decides success. An entry's key is (block, paths), so
 * that the short last block of an old bound and the full block of a wider one are two entries.
 */
export interface Ledger {
  /** Resolves once the blocks are durable. Throws `not-reproducible` when one is there with other bytes; then nothing is written. */
  append(jobId: string, done: readonly DoneBlock[], units: (block: number) => number): Promise<void>;
  /** Every entry, in pages, oldest first. */
  pages(jobId: string): AsyncIterable<readonly DoneBlock[]>;
  drop(jobId: string): Promise<void>;
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
    await log.append(streamOf(jobId), entries);
  },
  async *pages(jobId) {
    for (let after = 0; ;) {
      const entries = await log.read(streamOf(jobId), after, pageSize);
      if (entries.length > 0)
        yield entries.map(({ data }) => data as unknown as { block: number; result: BlockResult });
      after = entries.at(-1)?.position ?? after;
      if (entries.length < pageSize) return;
    }
  },
  drop: (jobId) => log.drop(streamOf(jobId)),
});
