import { containerEngine } from '@simfleet/contracts';
import type { ReplyBody, RequestBody, SimfleetEvent } from '@simfleet/contracts';
import type { Tracing } from '@simfleet/runtime';
import type { Collection } from '@simfleet/storage';
import { runAttempt } from './attempts.ts';
import type { AttemptSurroundings } from './attempts.ts';
import { nextMoves } from './placement/next-moves.ts';
import { liveRun, nextChance, standingOf, startable, unwanted } from './runs/live-run.ts';
import type { LiveRun, Slot } from './runs/live-run.ts';
import type { RunDocument } from './runs/run-document.ts';
import { openRunRecord } from './runs/run-record.ts';
import { shardEnded } from './runs/shard-events.ts';
import { attemptEnded, obeyed } from './runs/transitions.ts';

type JobChangedEvent = SimfleetEvent<'dev.simfleet.job.changed.v1'>;

/** Turns what jobs want into shards that run on this machine. */
export interface Executor {
  /** Takes up what an earlier platform on this store left behind. Call once, before events arrive. */
  reconcile(): Promise<void>;
  /** Resolves once it is durable that the event was seen. An event seen before changes nothing. */
  obey(event: JobChangedEvent): Promise<void>;
  readLogs(request: RequestBody<'executor.read-logs'>): Promise<ReplyBody<'executor.read-logs'>>;
  readonly counts: { readonly running: number; readonly waiting: number };
  /** Every shard returns its lease and leaves; what does not within `graceMs` is killed. Idempotent. */
  stop(graceMs: number): Promise<void>;
  /** Another executor has the runs: writes no more of them, kills every shard. Idempotent. */
  abandon(): Promise<void>;
}

export interface ExecutorOptions extends AttemptSurroundings {
  readonly collection: Collection<RunDocument>;
  /** Shards that run at the same time. */
  readonly slots: number;
  /** False once another executor may have taken the runs: then nothing is written of them. */
  readonly isActive: () => boolean;
  readonly tracing: Tracing;
}

/** Least time between two rounds in which running shards give up slots for others, in milliseconds: a lease is not handed back for nothing. */
const rebalanceEveryMs = 250;

/** How long changes gather while no slot is free, in milliseconds; short beside the block that a shard finishes before it leaves. */
const floodMs = 20;

export const openExecutor = (options: ExecutorOptions): Executor => {
  const { collection, clock, logger, slots, isActive, pool, output, tokens, events, tracing } = options;
  /** Active runs; the oldest were put in first. */
  const runs = new Map<string, LiveRun>();
  const attempts = new Set<Promise<void>>();
  let rebalancedAt = -Infinity;
  let cancelSoon: (() => void) | undefined;
  let cancelWake = (): void => undefined;
  let stopping: Promise<void> | undefined;

  const openRun = (initial: RunDocument, version: number): LiveRun => {
    const run = liveRun(openRunRecord({ collection, initial, version, isActive, clock, logger }));
    runs.set(initial.jobId, run);
    return run;
  };

  const release = (slot: Slot): void => {
    slot.leaving = true;
    slot.worker?.release();
  };

  const startShard = (run: LiveRun, shard: number): void => {
    const slot: Slot = { shard, generation: run.record.current.generation, leaving: false, worker: null };
    run.slots.set(shard, slot);
    const attempt = tracing
      .within(run.trace, () => runAttempt(run, slot, options))
      .catch((error: unknown) => {
        if (stopping === undefined)
          logger.error({ err: error, jobId: run.record.current.jobId, shard }, 'an attempt broke off');
      })
      .then(() => {
        run.slots.delete(shard);
        attempts.delete(attempt);
        tidy(run);
        place();
      });
    attempts.add(attempt);
  };

  /** What a change of one run asks for, whatever the others do. */
  const tidy = (run: LiveRun): void => {
    unwanted(run).forEach(release);
    if (!run.record.current.active && run.slots.size === 0) clearAway(run);
  };

  /** Places now when a slot is free; else a little later, so that a flood of new jobs is looked at once and not once for each. */
  const placeSoon = (): void => {
    if (attempts.size < slots) place();
    else cancelSoon ??= clock.after(floodMs, place);
  };

  /** Brings what runs closer to what should: the one place that starts shards. */
  const place = (): void => {
    cancelSoon?.();
    cancelSoon = undefined;
    if (stopping !== undefined) return;
    const now = clock.monotonic();
    const live = [...runs.values()];
    const moves = nextMoves(
      slots,
      live.map((run) => standingOf(run, now)),
    );
    moves.start.forEach((jobId) => startNext(jobId, now));
    if (moves.release.length > 0 && now - rebalancedAt >= rebalanceEveryMs) {
      rebalancedAt = now;
      moves.release.forEach(releaseLast);
    }
    wakeAt(now, live, moves.release.length > 0);
  };

  const startNext = (jobId: string, now: number): void => {
    const run = runs.get(jobId);
    const shard = run === undefined ? undefined : startable(run, now)[0];
    if (run !== undefined && shard !== undefined) startShard(run, shard);
  };

  /** The shard that came last goes first. */
  const releaseLast = (jobId: string): void => {
    const staying = [...(runs.get(jobId)?.slots.values() ?? [])].filter(({ leaving }) => !leaving);
    const last = staying.at(-1);
    if (last !== undefined) release(last);
  };

  const wakeAt = (now: number, live: readonly LiveRun[], unbalanced: boolean): void => {
    cancelWake();
    const chances = live.map((run) => nextChance(run, now)).filter((time) => time !== null);
    if (unbalanced) chances.push(rebalancedAt + rebalanceEveryMs);
    if (chances.length > 0) cancelWake = clock.after(Math.max(1, Math.min(...chances) - now), place);
  };

  /** The run has come to its end: its token, and what it holds in memory, go; all of it when the job was deleted. */
  const clearAway = (run: LiveRun): void => {
    run.clearing ??= (async () => {
      const { jobId } = run.record.current;
      run.token = null;
      await tokens.remove(jobId);
      await output.rest(jobId);
      if (run.deleted) {
        await output.drop(jobId);
        await run.record.remove();
      }
      await run.record.settled();
      run.clearing = null;
      if (!run.record.current.active && runs.get(jobId) === run) runs.delete(jobId);
    })().catch((error: unknown) => {
      run.clearing = null;
      logger.warn({ err: error, jobId: run.record.current.jobId }, 'traces of a job could not be cleared away');
    });
  };

  const findRun = async (jobId: string): Promise<LiveRun | null> => {
    const live = runs.get(jobId);
    await live?.clearing;
    if (live !== undefined && runs.get(jobId) === live) return live;
    const stored = await collection.get(jobId);
    return stored === null ? null : openRun(stored.doc, stored.version);
  };

  const startAfresh = (run: LiveRun): void => {
    run.notBefore.clear();
    run.pausedUntil = 0;
    run.token = null;
  };

  const obey = async ({ data, sourceversion }: JobChangedEvent): Promise<void> => {
    // Images run in a cluster: here the job stays queued, which its message says.
    if (data.engine === containerEngine) return;
    const known = await findRun(data.jobId);
    if (known === null && (data.deleted || data.desired === 'stop')) return;
    const current = known?.record.current ?? null;
    if (known !== null && current !== null && sourceversion <= current.seen) return known.record.settled();
    const next = obeyed(current, data, sourceversion, clock.now());
    const run = known ?? openRun(next, 0);
    if (current?.generation !== next.generation) startAfresh(run);
    run.deleted ||= data.deleted;
    run.trace = tracing.current();
    const written = run.record.change(next);
    tidy(run);
    placeSoon();
    await written;
  };

  /** Shards that ran when the platform died are no more: it took them with it. */
  const takeUp = (stored: RunDocument, version: number): void => {
    const run = openRun(stored, version);
    for (const [shard, record] of Object.entries(stored.attempts)) {
      if (!record.running) continue;
      const end = { exitCode: null, signal: null, message: 'the platform ended', accepted: 0, expected: true };
      const ended = attemptEnded(run.record.current, Number(shard), end, stored.generation);
      void run.record.change(ended, shardEnded(ended, Number(shard), stored.generation, end, events));
    }
  };

  const reconcile = async (): Promise<void> => {
    for (let after: { readonly key: string | number | boolean | null; readonly id: string } | undefined; ;) {
      const page = await collection.query({
        filter: { op: 'eq', field: 'active', value: true },
        sort: { field: 'queuedAt', direction: 'ascending' },
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      page.rows.forEach(({ doc, version }) => takeUp(doc, version));
      after = page.rows.at(-1)?.position;
      if (!page.more || after === undefined) break;
    }
    await tokens.keepOnly(new Set(runs.keys()));
    place();
  };

  /** Asks every shard to leave, and resolves when all have. */
  const emptySlots = async (live: readonly LiveRun[], graceMs: number): Promise<void> => {
    cancelWake();
    cancelSoon?.();
    live.flatMap((run) => [...run.slots.values()]).forEach((slot) => (slot.leaving = true));
    await pool.close(graceMs);
    await Promise.all(attempts);
    await output.close();
  };

  const abandonAll = async (): Promise<void> => {
    const live = [...runs.values()];
    live.forEach((run) => run.record.close());
    await emptySlots(live, 0);
  };

  const stopAll = async (graceMs: number): Promise<void> => {
    const live = [...runs.values()];
    await emptySlots(live, graceMs);
    await Promise.race([Promise.all(live.map((run) => run.record.settled())), clock.sleep(2_000)]);
    live.forEach((run) => run.record.close());
  };

  return {
    reconcile,
    obey,
    readLogs: (request) => output.read(request),
    get counts() {
      const now = clock.monotonic();
      const standings = [...runs.values()].map((run) => standingOf(run, now));
      const running = standings.reduce((sum, standing) => sum + standing.running, 0);
      return { running, waiting: standings.reduce((sum, { wanted }) => sum + wanted, 0) - running };
    },
    stop: (graceMs) => (stopping ??= stopAll(graceMs)),
    abandon: () => (stopping ??= abandonAll()),
  };
};
