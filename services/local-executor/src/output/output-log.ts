import type { ReplyBody, RequestBody } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Log, NewEntry } from '@simfleet/storage';

export interface OutputLine {
  readonly shard: number;
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
  readonly time: string;
  readonly text: string;
}

/** What the shards of each job have printed: the newest lines, up to a bound. */
export interface OutputLog {
  add(jobId: string, line: OutputLine): void;
  read(request: RequestBody<'executor.read-logs'>): Promise<ReplyBody<'executor.read-logs'>>;
  /** The job's shards have ended: what is kept in memory for it goes once it is written. */
  rest(jobId: string): Promise<void>;
  /** Removes all lines of the job. */
  drop(jobId: string): Promise<void>;
  /** Writes what waits. Idempotent. */
  close(): Promise<void>;
}

export interface OutputLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told apart from other runs of the platform, so that no key comes twice. */
  readonly session: string;
  /** Bytes of text kept for a job; older lines go. */
  readonly keptBytes: number;
}

/** Lines are collected for this long, in milliseconds, so that talkative shards share commits. */
const collectMs = 100;
/** Bytes that may wait in memory for a job while the store does not take them; further lines are counted and dropped. */
const waitingBytes = 2 ** 20;
const pageSize = 1000;

interface JobOutput {
  waiting: OutputLine[];
  waitingBytes: number;
  dropped: number;
  /** Positions and sizes of the kept lines, oldest first; null until the stream was read. */
  kept: { readonly position: number; readonly bytes: number }[] | null;
  keptBytes: number;
  writing: Promise<void> | null;
}

export const openOutputLog = ({ log, clock, logger, session, keptBytes }: OutputLogOptions): OutputLog => {
  const jobs = new Map<string, JobOutput>();
  let lines = 0;
  let closed = false;

  const outputOf = (jobId: string): JobOutput => {
    const known = jobs.get(jobId);
    if (known !== undefined) return known;
    const fresh: JobOutput = { waiting: [], waitingBytes: 0, dropped: 0, kept: null, keptBytes: 0, writing: null };
    jobs.set(jobId, fresh);
    return fresh;
  };

  /** What an earlier run of the platform has left. */
  const measure = async (jobId: string, output: JobOutput): Promise<void> => {
    const kept: NonNullable<JobOutput['kept']> = [];
    for (let after = 0; ;) {
      const page = await log.read(outputStream(jobId), after, pageSize);
      for (const entry of page)
        kept.push({ position: entry.position, bytes: sizeOf(entry.data as unknown as OutputLine) });
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      after = last.position;
    }
    output.kept = kept;
    output.keptBytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  };

  const write = async (jobId: string, output: JobOutput): Promise<void> => {
    const batch = output.waiting.splice(0);
    output.waitingBytes = 0;
    if (output.dropped > 0) {
      const last = batch.at(-1);
      if (last !== undefined)
        batch.push({ ...last, stream: 'stderr', text: `(${output.dropped} lines were dropped here)` });
      output.dropped = 0;
    }
    if (output.kept === null) await measure(jobId, output);
    const entries: NewEntry[] = batch.map((line) => ({ key: `${session}:${++lines}`, data: { ...line } }));
    const appended = await log.append(outputStream(jobId), entries);
    appended.forEach(({ position }, index) => {
      const line = batch[index];
      if (line === undefined) return;
      output.kept?.push({ position, bytes: sizeOf(line) });
      output.keptBytes += sizeOf(line);
    });
    await trim(jobId, output);
  };

  const trim = async (jobId: string, output: JobOutput): Promise<void> => {
    // A quarter more than wanted may gather, so that not every line is followed by a trim.
    if (output.kept === null || output.keptBytes <= keptBytes * 1.25) return;
    let through = 0;
    while (output.keptBytes > keptBytes) {
      const oldest = output.kept.shift();
      if (oldest === undefined) break;
      output.keptBytes -= oldest.bytes;
      through = oldest.position;
    }
    if (through > 0) await log.trim(outputStream(jobId), through);
  };

  const writeAll = async (jobId: string, output: JobOutput): Promise<void> => {
    await clock.sleep(closed ? 0 : collectMs);
    try {
      while (output.waiting.length > 0) await write(jobId, output);
    } catch (error) {
      logger.warn({ err: error, jobId }, 'output of shards was lost: the store did not take it');
    }
    output.writing = null;
    if (output.waiting.length > 0 && !closed) output.writing = writeAll(jobId, output);
  };

  return {
    add(jobId, line) {
      const output = outputOf(jobId);
      if (output.waitingBytes > waitingBytes) {
        output.dropped++;
        return;
      }
      output.waiting.push(line);
      output.waitingBytes += sizeOf(line);
      output.writing ??= writeAll(jobId, output);
    },
    async read({ jobId, shard, after, limit }) {
      const found: ReplyBody<'executor.read-logs'>['lines'] = [];
      let next = after;
      while (found.length < limit) {
        const page = await log.read(outputStream(jobId), next, pageSize);
        for (const entry of page) {
          if (found.length >= limit) break;
          next = entry.position;
          const line = entry.data as unknown as OutputLine;
          if (shard === undefined || line.shard === shard) found.push({ position: entry.position, ...line });
        }
        if (page.length < pageSize) break;
      }
      return { lines: found, next };
    },
    async rest(jobId) {
      const output = jobs.get(jobId);
      await output?.writing;
      if (output?.writing === null) jobs.delete(jobId);
    },
    async drop(jobId) {
      await jobs.get(jobId)?.writing;
      jobs.delete(jobId);
      await log.drop(outputStream(jobId));
    },
    async close() {
      closed = true;
      await Promise.all([...jobs.values()].flatMap(({ writing }) => writing ?? []));
    },
  };
};

export const outputStream = (jobId: string): string => `output:${jobId}`;
/** Text and the few fields beside it. */
const sizeOf = (line: OutputLine): number => line.text.length + 100;
