import type { Clock, Logger } from '@simfleet/runtime';
import type { Collection, Filter, Log, Position } from '@simfleet/storage';
import type { RunDocument } from '../runs/run-document.ts';
import { outputStream } from './output-log.ts';
import type { OutputLine } from './output-log.ts';

export interface ExpireOutputOptions {
  readonly log: Log;
  readonly runs: Collection<RunDocument>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lines of jobs that rest are kept so long, in days; null = as long as the job. */
  readonly keptDays: number | null;
}

const dayMs = 86_400_000;
const roundEveryMs = 3_600_000;
/** Between two batches of runs, in milliseconds. */
const pauseMs = 50;
const batchSize = 100;
const pageSize = 500;

/** Drops output that is too old, at once and then every hour; the answered function ends it. What a round leaves undone the next one does. */
export const expireOutputHourly = (options: ExpireOutputOptions): (() => Promise<void>) => {
  const { clock, logger, keptDays } = options;
  if (keptDays === null) return async () => undefined;
  const ending = new AbortController();
  const { signal } = ending;
  const rounds = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const lines = await expireOutput(options, clock.now() - keptDays * dayMs, signal);
        if (lines > 0) logger.info({ lines }, 'removed output of shards that is kept no longer');
      } catch (error) {
        logger.warn({ err: error }, 'old output of shards waits for the next round');
      }
      await clock.sleep(roundEveryMs, signal);
    }
  };
  const running = rounds();
  return async () => {
    ending.abort();
    await running;
  };
};

/** Jobs that run write their output, and trim it, themselves. */
const resting = (before: number): Filter => ({
  op: 'and',
  all: [
    { op: 'eq', field: 'active', value: false },
    { op: 'range', field: 'queuedAt', to: before },
  ],
});

/** Drops lines from before this time of jobs that rest. Answers how many. */
const expireOutput = async (
  { log, runs, clock }: ExpireOutputOptions,
  before: number,
  signal: AbortSignal,
): Promise<number> => {
  let lines = 0;
  for (let after: Position | undefined; !signal.aborted;) {
    const page = await runs.query({
      filter: resting(before),
      sort: { field: 'queuedAt', direction: 'ascending' },
      limit: batchSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const { doc } of page.rows) lines += await trimBefore(log, outputStream(doc.jobId), before);
    after = page.rows.at(-1)?.position;
    if (!page.more || after === undefined) return lines;
    await clock.sleep(pauseMs, signal);
  }
  return lines;
};

const trimBefore = async (log: Log, stream: string, before: number): Promise<number> => {
  const oldest = new Date(before).toISOString();
  for (let lines = 0; ;) {
    const page = await log.read(stream, 0, pageSize);
    const young = page.findIndex(({ data }) => (data as unknown as OutputLine).time >= oldest);
    const old = young === -1 ? page.length : young;
    const through = page[old - 1]?.position;
    if (through === undefined) return lines;
    await log.trim(stream, through);
    lines += old;
    if (old < pageSize) return lines;
  }
};
