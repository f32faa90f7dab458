/** One pass over everything that may have grown too old or too many. */
export interface Round {
  /** Milliseconds since 1970: what is too old is decided by it for the whole round. */
  readonly now: number;
  /** True once the process ends or another one has taken over: the round stops between two batches; the next one goes on. */
  readonly ended: () => boolean;
  /** Between two batches: counts what went and lets other work pass. */
  breathe(removed: number): Promise<void>;
}

export const dayMs = 86_400_000;
/** Rows or streams that are worked on between two pauses: some hundred writes. */
export const batchSize = 100;
