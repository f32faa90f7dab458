import type { DoneBlock, JobLook, Report, ReportReply, Task, ThresholdStatus } from '@simfleet/contracts';
import { blockCount, expectedPaths, isOver, rulesOf } from '@simfleet/domain';
import type { Engine, Rules } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import { effectiveSpec, timeText } from '../jobs/job-document.ts';
import type { JobDocument, StoredJob } from '../jobs/job-document.ts';
import {
  lookEntry,
  lookKey,
  progressEntry,
  thresholdEntry,
  thresholdKey,
  thresholdMark,
} from '../live/live-entries.ts';
import type { LiveEntry, LiveLog } from '../live/live-log.ts';
import type { Ledger, LedgerPage } from '../ledger/ledger.ts';
import { openReadPositions } from '../ledger/read-positions.ts';
import type { PathsMeter, PauseJob } from '../quotas/paths-meter.ts';
import { waitsFor } from '../quotas/place.ts';
import { openLeaseTable } from '../reports/lease-table.ts';
import type { LeaseTable } from '../reports/lease-table.ts';
import { openJobFold } from './job-fold.ts';
import type { FoldOutcome, JobFold } from './job-fold.ts';
import { openPace } from './pace.ts';
import { progressOf } from './progress.ts';

/** A threshold that was crossed and of which people have to be told once. */
export interface Crossing {
  readonly mark: string;
  readonly threshold: ThresholdStatus;
}

/**
 * Folds one active job and steers its shards: the holder of the job's lease table. All of it is in memory and is made again from the ledger.
 * Everything here happens between two awaits, so that reports of many shards never interleave.
 */
export interface Coordinator {
  readonly fold: JobFold;
  readonly engine: Engine;
  /** Run that the fold is of. */
  readonly run: number;
  /** Whether what was folded and judged so far still holds for the job. */
  holdsFor(job: JobDocument): boolean;
  /** The job as it was saved last. */
  readonly job: StoredJob;
  readonly leases: LeaseTable;
  /** Takes in blocks that this process made durable, at these positions of the ledger, and tells the live log what they changed. */
  accept(report: Pick<Report, 'shard' | 'attempt' | 'done'>, positions: readonly number[]): void;
  /** Takes in what other processes appended to the ledger, up to the position at least. No read when that is done already. */
  catchUp(through: number): Promise<void>;
  /** The shard did these blocks, which were taken in. */
  credit(report: Pick<Report, 'shard' | 'attempt'>, blocks: readonly number[]): void;
  /** Thresholds that were crossed and are not marked so in the job yet. */
  crossings(): readonly Crossing[];
  reply(report: Omit<Report, 'done'>): ReportReply;
  /** What is known of the job by now. */
  look(): JobLook;
  /** The job was saved: the same run, perhaps in another state or with other shards. */
  update(job: StoredJob): void;
}

export interface CoordinatorOptions {
  readonly job: StoredJob;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly live: LiveLog;
  readonly ledger: Pick<Ledger, 'pages'>;
  /** Says whether the customer has paths left. */
  readonly paths: Pick<PathsMeter, 'hold'>;
  readonly pause: PauseJob;
}

/** Waits of a shard that has nothing to do, in milliseconds: for a block that another shard gives back, for the end, for a resumption. */
const retryMs = { stale: 1000, suspended: 1000, leaving: 1000 };
/** No shard has this number: blocks whose shard is told later, by `credit`. */
const nobody = -1;

/** All idle shards of a job together ask some 250 times a second at most, few of them within 50 ms of a block coming free. */
const nothingFreeMs = (activeShards: number): number => Math.min(1000, Math.max(50, 4 * activeShards));

/** Least time between two progress events: rarer in long jobs, so that their live log stays small. */
const progressEveryMs = (age: number): number => {
  if (age < 60_000) return 500;
  return age < 600_000 ? 1000 : age < 7_200_000 ? 5000 : 30_000;
};

export const openCoordinator = (options: CoordinatorOptions): Promise<Coordinator> => {
  const { engine, clock, live, ledger, paths, pause } = options;
  const { id, doc } = options.job;
  const rules = rulesOf(effectiveSpec(doc), engine, { blockSize: doc.service.blockSize });
  const fold = openJobFold(rules, engine, doc.parameters);
  const leases = openLeaseTable({ total: blockCount(rules) });
  const startedAt = clock.monotonic();
  const pace = openPace(startedAt);
  const told = new Set<string>();
  const positions = openReadPositions();
  let catchingUp: Promise<void> = Promise.resolve();
  let job = options.job;
  let progressAt = startedAt;
  let progressCount = 0;
  let leastFraction: number | null = null;
  /** When the job was let go on: it has paths since, whatever was known before. */
  let wentOnAt = startedAt;

  const rebuild = async (): Promise<void> => {
    for (const key of await live.keys(id, 'look:')) told.add(key);
    for (const key of await live.keys(id, 'threshold:')) told.add(key);
    for await (const { blocks, through } of ledger.pages(id, 0)) {
      const outcome = fold.add(blocks.filter(fold.fits));
      for (const { block } of outcome.fresh) leases.known(block);
      tell(outcome);
      positions.addThrough(through);
    }
  };

  const takeIn = ({ blocks, through }: LedgerPage): void => {
    takeDone(nobody, 0, blocks);
    positions.addThrough(through);
  };

  const readOn = async (through: number): Promise<void> => {
    if (positions.through >= through) return;
    for await (const page of ledger.pages(id, positions.through)) takeIn(page);
  };

  /** Looks and verdicts that the live log does not have yet; a restart judges them again, but tells them once. */
  const tell = ({ looks, decided }: FoldOutcome): void => {
    const time = timeText(clock.now());
    const entries: LiveEntry[] = looks
      .filter(({ blocks }) => !told.has(lookKey(doc.run, blocks)))
      .map((look) => lookEntry(doc.run, { ...look, time }, look.estimates));
    for (const threshold of decided) {
      const mark = markOf(threshold);
      if (!told.has(thresholdKey(mark))) entries.push(thresholdEntry(mark, threshold, time));
    }
    for (const { key } of entries) told.add(key);
    live.push(id, entries);
  };

  const markOf = (status: ThresholdStatus): string => {
    const threshold = doc.spec.thresholds.find(({ name }) => name === status.name);
    if (threshold === undefined) throw new Error(`there is no threshold "${status.name}"`);
    return thresholdMark(doc.run, threshold);
  };

  const progress = (): JobLook['progress'] => {
    const now = clock.monotonic();
    const figures = { pathsPerSecond: pace.perSecond(now), activeShards: leases.active(now), least: leastFraction };
    const current = progressOf(fold, figures);
    leastFraction = current.fraction;
    return current;
  };

  const tellProgress = (): void => {
    const now = clock.monotonic();
    if (now - progressAt < progressEveryMs(now - startedAt) || live.busy(id) || fold.state.ended !== null) return;
    progressAt = now;
    const key = `progress:${doc.run}:${timeText(clock.now())}:${progressCount++}`;
    live.push(id, [progressEntry(key, progress(), fold.estimates, timeText(clock.now()))]);
  };

  const unitsOf = ({ block, result }: DoneBlock): number => {
    if (result.kind === 'moments') return result.paths;
    const { units, blockSize } = rules.plan;
    return Math.min(blockSize, (units ?? Infinity) - block * blockSize);
  };

  const takeDone = (shard: number, attempt: number, done: readonly DoneBlock[]): void => {
    const now = clock.monotonic();
    // One that does not fit any more has to be run again: it stays free.
    const fitting = done.filter(fold.fits);
    const outcome = fold.add(fitting);
    leases.done(
      shard,
      attempt,
      fitting.map(({ block }) => block),
      now,
    );
    pace.add(
      outcome.fresh.reduce((sum, each) => sum + unitsOf(each), 0),
      now,
    );
    tell(outcome);
    tellProgress();
  };

  const crossings = (): readonly Crossing[] =>
    fold.state.thresholds
      .filter(({ verdict }) => verdict === 'Crossed')
      .map((threshold) => ({ mark: markOf(threshold), threshold }))
      .filter(({ mark }) => !job.doc.crossed.includes(mark));

  const grant = (shard: number): Pick<ReportReply, 'lease' | 'retryAfterMs'> => {
    const withoutPathsMs = paths.hold(doc.customer, wentOnAt);
    if (withoutPathsMs !== null) {
      pause(doc.customer, id);
      return { lease: null, retryAfterMs: withoutPathsMs };
    }
    const expected = expectedPaths(rules, fold.state);
    const lease = leases.grant({
      shard,
      now: clock.monotonic(),
      prefix: fold.prefix,
      shards: job.doc.spec.shards,
      expectedBlocks: expected === null ? null : Math.ceil(expected / rules.plan.blockSize),
    });
    if (lease === null) return { lease: null, retryAfterMs: nothingFreeMs(leases.active(clock.monotonic())) };
    const { first, count, holdMs } = lease;
    return { lease: { first, count, expires: timeText(clock.now() + Math.max(0, Math.round(holdMs))) } };
  };

  const reply: Coordinator['reply'] = ({ shard, attempt, describe, release }) => {
    const described = describe ? { task: taskOf(doc, rules) } : {};
    if (isOver(job.doc)) return { action: 'stop', lease: null, ...described };
    if (release) {
      leases.free(shard, attempt);
      return { action: 'continue', lease: null, retryAfterMs: retryMs.leaving, ...described };
    }
    const isNewest = leases.hear({ shard, attempt, describe, now: clock.monotonic() });
    if (!isNewest) return { action: 'continue', lease: null, retryAfterMs: retryMs.stale, ...described };
    if (job.doc.state === 'Suspended' || waitsFor(job.doc) !== null) {
      leases.free(shard, attempt);
      return { action: 'suspend', lease: null, retryAfterMs: retryMs.suspended, ...described };
    }
    if (fold.state.ended !== null)
      return { action: 'continue', lease: null, retryAfterMs: nothingFreeMs(1), ...described };
    return { action: 'continue', ...grant(shard), ...described };
  };

  const coordinator: Coordinator = {
    fold,
    engine,
    run: doc.run,
    holdsFor: ({ run, spec }) =>
      run === doc.run && JSON.stringify(spec.thresholds) === JSON.stringify(doc.spec.thresholds),
    get job() {
      return job;
    },
    leases,
    accept({ shard, attempt, done }, at) {
      takeDone(shard, attempt, done);
      for (const position of at) positions.add(position);
    },
    catchUp: (through) => (catchingUp = catchingUp.catch(() => undefined).then(() => readOn(through))),
    credit: ({ shard, attempt }, blocks) => leases.done(shard, attempt, blocks, clock.monotonic()),
    crossings,
    reply,
    look: () => ({
      jobId: id,
      run: doc.run,
      progress: progress(),
      estimates: [...fold.estimates],
      thresholds: [...fold.state.thresholds],
      crossings: crossings().map(({ mark, threshold }) => ({ mark, threshold })),
    }),
    update(saved) {
      if (waitsFor(job.doc) !== null && waitsFor(saved.doc) === null) wentOnAt = clock.monotonic();
      job = saved;
      if (saved.doc.state === 'Suspended') leases.freeAll();
    },
  };
  return rebuild().then(() => coordinator);
};

/** What a shard must know to run blocks of the job. */
export const taskOf = (job: JobDocument, { plan, maxPaths }: Rules): Task => ({
  engine: job.service.engine,
  kernelHash: job.service.kernelHash,
  parameters: job.parameters,
  seed: job.spec.seed,
  blockSize: plan.blockSize,
  maxPaths,
});
