import type { Bus } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import { retryDelay } from '@simfleet/simulation/worker';
import type { OutputLog } from './output/output-log.ts';
import type { WarmPool } from './pool/warm-pool.ts';
import type { WorkerProcess } from './pool/worker-process.ts';
import type { LiveRun, Slot } from './runs/live-run.ts';
import { shardRecord } from './runs/run-document.ts';
import { shardEnded, shardStarted } from './runs/shard-events.ts';
import type { EventMaker } from './runs/shard-events.ts';
import { attemptEnded, attemptStarted, isFailure } from './runs/transitions.ts';
import type { AttemptEnd } from './runs/transitions.ts';
import type { TokenFiles } from './tokens/token-files.ts';

export interface AttemptSurroundings {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly pool: WarmPool;
  readonly output: OutputLog;
  readonly tokens: TokenFiles;
  readonly events: EventMaker;
  /** Where shards report to. */
  readonly url: () => string;
}

/** After failures in a row of one shard. */
const failureDelays = { baseMs: 250, capMs: 30_000 };
/** Before the next try after a job's token was not taken: its end is on the way here, or the platform is busy. */
const tokenPauseMs = 1_000;

/**
 * One attempt of one shard, from an empty slot to its end; the slot is the caller's to free. The run's record and events are written behind the
 * work: nothing between the decision and the first block waits for the disk but the token.
 */
export const runAttempt = async (run: LiveRun, slot: Slot, surroundings: AttemptSurroundings): Promise<void> => {
  const tokenFile = await tokenOf(run, surroundings);
  if (tokenFile === null || slot.leaving) return;
  const worker = await surroundings.pool.take();
  if (slot.leaving) return surroundings.pool.give(worker);
  slot.worker = worker;
  try {
    const end = await occupy(worker, run, slot, tokenFile, surroundings);
    conclude(run, slot, end, surroundings);
  } finally {
    surroundings.pool.give(worker);
  }
};

/** Runs the assignment in the process. */
const occupy = async (
  worker: WorkerProcess,
  run: LiveRun,
  slot: Slot,
  tokenFile: string,
  { output, events, clock, url }: AttemptSurroundings,
): Promise<AttemptEnd> => {
  const { shard } = slot;
  const started = attemptStarted(run.record.current, shard);
  const { jobId } = started;
  const { attempt } = shardRecord(started, shard);
  const ending = worker.assign({ url: url(), jobId, shard, attempt, tokenFile }, (stream, text) =>
    output.add(jobId, { shard, attempt, stream, text, time: new Date(clock.now()).toISOString() }),
  );
  void run.record.change(started, shardStarted(started, shard, events));
  const end = await ending;
  return { ...end, expected: slot.leaving };
};

/** Writes down how the attempt ended and when the next one may follow. */
const conclude = (run: LiveRun, slot: Slot, end: AttemptEnd, surroundings: AttemptSurroundings): void => {
  const { shard, generation } = slot;
  const { clock, random, logger, events } = surroundings;
  const ended = attemptEnded(run.record.current, shard, end, generation);
  void run.record.change(ended, shardEnded(ended, shard, generation, end, events));
  const { attempt, failures, gaveUp } = shardRecord(ended, shard);
  if (isFailure(end)) {
    run.notBefore.set(shard, clock.monotonic() + retryDelay(Math.max(1, failures), failureDelays, random()));
    const { exitCode, signal, message } = end;
    logger.warn(
      { jobId: ended.jobId, shard, attempt, failures, gaveUp, exitCode, signal, reason: message },
      'a shard failed',
    );
  } else {
    // Somebody else than the executor asked the shard to leave: come back, but not in a tight circle.
    if (!end.expected && end.exitCode === 143) run.notBefore.set(shard, clock.monotonic() + failureDelays.baseMs);
    logger.debug({ jobId: ended.jobId, shard, attempt, exitCode: end.exitCode }, 'a shard ended');
  }
};

/** The file with the job's token, once the platform knows the token; null when it does not take it. */
const tokenOf = (run: LiveRun, surroundings: AttemptSurroundings): Promise<string | null> => {
  run.token ??= registerToken(run, surroundings).then((file) => {
    if (file !== null) return file;
    run.token = null;
    run.pausedUntil = surroundings.clock.monotonic() + tokenPauseMs;
    return null;
  });
  return run.token;
};

const registerToken = async (run: LiveRun, { tokens, bus, logger }: AttemptSurroundings): Promise<string | null> => {
  const { jobId } = run.record.current;
  try {
    const { file, sha256 } = await tokens.open(jobId);
    const { accepted } = await bus.request('jobs.register-token', { jobId, sha256 });
    if (!accepted) logger.debug({ jobId }, 'the token was not taken: the job is over');
    return accepted ? file : null;
  } catch (error) {
    logger.warn({ err: error, jobId }, 'the token of a job could not be registered');
    return null;
  }
};
