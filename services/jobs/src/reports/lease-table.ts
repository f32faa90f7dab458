import { openBlockRanges } from './block-ranges.ts';
import type { BlockRange, BlockRanges } from './block-ranges.ts';

/** A shard as the table knows it. Kept in memory only: after a restart shards are met again at their next report. */
interface Holder {
  attempt: number;
  readonly held: BlockRanges;
  /** Milliseconds (monotonic) when its leases run out. */
  expires: number;
  heardAt: number;
  /** Blocks per second, an average that forgets; null until the first blocks are reported. */
  rate: number | null;
  /** When the work began that the next report will bring. */
  workingSince: number;
}

export interface LeaseTableOptions {
  /** Blocks of the job; null = unbounded. */
  readonly total: number | null;
}

export interface GrantRequest {
  readonly shard: number;
  readonly now: number;
  /** Length of the folded prefix, in blocks. */
  readonly prefix: number;
  /** Shards that the job asks for. */
  readonly shards: number;
  /** Blocks that the job is expected to need in all; null = unknown. */
  readonly expectedBlocks: number | null;
}

export interface Grant extends BlockRange {
  /** Milliseconds until the lease runs out. */
  readonly holdMs: number;
}

/**
 * Who works on which block. Two shards hold the same block only after a lease ran out; the lowest free blocks go first. Times are
 * monotonic milliseconds and arrive as arguments.
 */
export interface LeaseTable {
  /**
   * A shard speaks. True when the attempt is the one that may hold leases: the newest heard of, or one that just introduced itself
   * (`describe`). A newer attempt frees the leases of the older one.
   */
  hear(report: { shard: number; attempt: number; describe: boolean; now: number }): boolean;
  /** Blocks that are in the ledger, whoever did them. Renews the shard's lease and measures its pace. */
  done(shard: number, attempt: number, blocks: readonly number[], now: number): void;
  /** Blocks that were found in the ledger at a restart. */
  known(block: number): void;
  grant(request: GrantRequest): Grant | null;
  /** Frees what the shard holds; with an attempt only when it is still that attempt's. */
  free(shard: number, attempt?: number): void;
  /** Frees every lease: the job is suspended, or its bounds changed. */
  freeAll(): void;
  /** Shards that were heard of within the last seconds. */
  active(now: number): number;
  /** What each shard holds, for tests and people. */
  readonly holdings: ReadonlyMap<number, readonly BlockRange[]>;
}

/** The first lease of a shard, while its pace is unknown: about a tenth of a second of work. */
const firstLease = 2;
/** Work in a lease, in seconds. At most 2 by the protocol; less keeps progress lively and wastes less at the end. */
const leaseSeconds = 0.8;
/** A report holds at most 10,000 blocks; a lease stays well below. */
const largestLease = 4096;
/** How long a silent shard keeps its blocks: several times the work in a lease, so that a busy machine does not do blocks twice. */
const holdMs = { first: 15_000, least: 6_000, most: 30_000 };
/** A shard that was not heard of for so long does not count as active. */
const silentMs = 5_000;
/** Blocks that may be leased beyond the prefix: bounds what waits in memory for a slow shard. */
const leastRunAhead = 64;
export const mostRunAhead = 2 ** 20;

export const openLeaseTable = ({ total }: LeaseTableOptions): LeaseTable => {
  const free = openBlockRanges([{ first: 0, count: total ?? Number.MAX_SAFE_INTEGER }]);
  const holders = new Map<number, Holder>();

  const giveBack = (holder: Holder): void => holder.held.drain().forEach(free.add);

  const expire = (now: number): void => {
    for (const [shard, holder] of holders) {
      if (holder.expires > now) continue;
      giveBack(holder);
      if (now - holder.heardAt > holdMs.most) holders.delete(shard);
    }
  };

  const leaseSize = (holder: Holder, { prefix, shards, expectedBlocks }: GrantRequest): number => {
    const byPace = holder.rate === null ? firstLease : Math.round(holder.rate * leaseSeconds);
    const workers = Math.max(1, Math.min(shards, holders.size));
    const end = Math.min(expectedBlocks ?? Infinity, total ?? Infinity);
    // Near the end each shard gets half of its even share of what is left, so that all finish together.
    const byEnd = Number.isFinite(end) ? Math.ceil(Math.max(0, end - prefix) / (2 * workers)) : Infinity;
    return Math.max(1, Math.min(byPace, byEnd, largestLease));
  };

  return {
    hear({ shard, attempt, describe, now }) {
      expire(now);
      const holder = holders.get(shard);
      if (holder === undefined) {
        holders.set(shard, {
          attempt,
          held: openBlockRanges(),
          expires: now + holdMs.first,
          heardAt: now,
          rate: null,
          workingSince: now,
        });
        return true;
      }
      if (holder.attempt === attempt) {
        holder.heardAt = now;
        return true;
      }
      if (attempt < holder.attempt && !describe) return false;
      giveBack(holder);
      Object.assign(holder, { attempt, rate: null, heardAt: now, workingSince: now });
      return true;
    },
    done(shard, attempt, blocks, now) {
      const holder = holders.get(shard);
      for (const block of blocks) {
        if (holder?.held.remove(block) === true || free.remove(block)) continue;
        for (const other of holders.values()) other.held.remove(block);
      }
      if (holder === undefined || holder.attempt !== attempt || blocks.length === 0) return;
      const seconds = Math.max(now - holder.workingSince, 1) / 1000;
      const rate = blocks.length / seconds;
      holder.rate = holder.rate === null ? rate : (holder.rate + rate) / 2;
      holder.workingSince = now;
      holder.expires = now + holdMs.least;
    },
    known: (block) => void free.remove(block),
    grant(request) {
      const { shard, now, prefix, shards } = request;
      expire(now);
      const holder = holders.get(shard);
      if (holder === undefined) return null;
      const size = leaseSize(holder, request);
      const holding = holder.held.size;
      const left = holder.held.ranges[0];
      // More than half is left: the reply repeats what the shard works on, and the next report gets more.
      if (left !== undefined && holding * 2 > size) return { ...left, holdMs: holder.expires - now };
      const runAhead = Math.min(mostRunAhead, Math.max(leastRunAhead, 4 * shards * size));
      const range = free.takeLowest(size, prefix + runAhead);
      if (range === null) return left === undefined ? null : { ...left, holdMs: holder.expires - now };
      const expected = holder.rate === null ? holdMs.first : (4000 * (holding + range.count)) / holder.rate;
      const hold = Math.round(Math.min(holdMs.most, Math.max(holdMs.least, expected)));
      if (holding === 0) holder.workingSince = now;
      holder.held.add(range);
      holder.expires = now + hold;
      return { ...range, holdMs: hold };
    },
    free(shard, attempt) {
      const holder = holders.get(shard);
      if (holder === undefined || (attempt !== undefined && holder.attempt !== attempt)) return;
      giveBack(holder);
      holders.delete(shard);
    },
    freeAll() {
      holders.forEach(giveBack);
    },
    active: (now) => [...holders.values()].filter((holder) => now - holder.heardAt <= silentMs).length,
    get holdings() {
      return new Map([...holders].map(([shard, { held }]) => [shard, held.ranges]));
    },
  };
};
