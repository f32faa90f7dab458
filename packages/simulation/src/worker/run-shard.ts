import type { DoneBlock, ReportReply } from '@simfleet/contracts';
import type { Engine } from '@simfleet/domain';
import { openBlockQueue } from './block-queue.ts';
import { bindTask } from './bound-task.ts';
import type { BoundTask } from './bound-task.ts';
import type { ReportTransport } from './http-transport.ts';
import { ShardEnd } from './outcome.ts';
import type { ShardOutcome } from './outcome.ts';
import { openReportClient, ReportRefused } from './report-client.ts';
import type { ReportClient, ShardClock } from './report-client.ts';

export interface ShardAssignment {
  readonly jobId: string;
  readonly shard: number;
  /** Rises with every restart of the shard. */
  readonly attempt: number;
  /** Job token: never in arguments, environment or output. */
  readonly token: string;
}

export interface ShardSurroundings {
  readonly engines: readonly Engine[];
  readonly transport: ReportTransport;
  readonly clock: ShardClock;
  /** In [0, 1), for jitter only. */
  readonly random: () => number;
  /** Lets timers, signals and messages be seen: resolves in a later turn of the event loop. */
  readonly yieldTurn: () => Promise<void>;
  /** Aborts when the shard must leave: it finishes the block under way, returns its lease and ends with 143. */
  readonly signal: AbortSignal;
  /** A line for the person who reads the shard's output. */
  readonly say: (line: string) => void;
  /** Blocks that the platform has accepted from this attempt so far, after each report that held some. */
  readonly onAccepted: (blocks: number) => void;
}

/** Work between two reports inside one lease: long against a report (2 ms), short for somebody who watches. */
const reportEveryMs = 400;
/** Between two lines of progress in the output. */
const sayEveryMs = 10_000;

/**
 * One attempt of one shard: leases blocks, runs them, reports them, until the platform says `stop` or the signal asks it to leave.
 * Never rejects. The protocol is that of `report` and `reportReply` in contracts.
 */
export const runShard = async (assignment: ShardAssignment, surroundings: ShardSurroundings): Promise<ShardOutcome> => {
  const attempt = openAttempt(assignment, surroundings);
  try {
    return await attempt.run();
  } catch (error) {
    return outcomeOf(error, surroundings.signal);
  }
};

const outcomeOf = (error: unknown, signal: AbortSignal): ShardOutcome => {
  if (error instanceof ShardEnd) return error.outcome;
  if (error instanceof ReportRefused && signal.aborted) return { exitCode: 143, message: error.message };
  if (error instanceof ReportRefused)
    return { exitCode: 1, message: `the platform refused the report: ${error.message}` };
  if (isBadInput(error)) return { exitCode: 42, message: error.message };
  return { exitCode: 1, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
};

/** Parameters that the schema let through and the kernel refuses: the same on every retry. */
const isBadInput = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === 'invalid-request';

const openAttempt = (assignment: ShardAssignment, surroundings: ShardSurroundings) => {
  const { clock, signal, say } = surroundings;
  const { jobId, token, shard, attempt } = assignment;
  const client: ReportClient = openReportClient({ ...surroundings, jobId, token, leaving: signal });
  const queue = openBlockQueue();
  let done: DoneBlock[] = [];
  let accepted = 0;
  let workedMs = 0;
  let saidAt = clock.monotonic();

  /** Sends what is done; takes the lease of the reply. */
  const report = async (extra: { readonly describe?: true; readonly release?: true } = {}): Promise<ReportReply> => {
    const sent = done;
    done = [];
    const reply = await client.send({ shard, attempt, done: sent, ...extra });
    accepted += sent.length;
    if (sent.length > 0) surroundings.onAccepted(accepted);
    if (reply.action === 'stop') throw new ShardEnd({ exitCode: 0, message: summary() });
    if (reply.action === 'suspend') queue.clear();
    else if (reply.lease !== null) queue.add(reply.lease, new Set(done.map(({ block }) => block)));
    return reply;
  };

  const summary = (): string => `${accepted} blocks accepted, ${(workedMs / 1000).toFixed(2)} s of work`;

  const runBlock = (bound: BoundTask, block: number): void => {
    const started = clock.monotonic();
    done.push({ block, result: bound.kernel.runBlock(bound.request(block)) });
    workedMs += clock.monotonic() - started;
    if (clock.monotonic() - saidAt < sayEveryMs) return;
    saidAt = clock.monotonic();
    say(`at block ${block}: ${summary()}`);
  };

  /** Runs the leased blocks. Reports inside a lease go out beside the work, so that no time is lost waiting for their reply. */
  const runLease = async (bound: BoundTask): Promise<void> => {
    let beside: Promise<unknown> | null = null;
    let failure: { readonly error: unknown } | null = null;
    let reportedAtMs = workedMs;
    for (let block = queue.next(); block !== undefined; block = queue.next()) {
      runBlock(bound, block);
      await surroundings.yieldTurn();
      if (signal.aborted || failure !== null) break;
      if (beside !== null || queue.size === 0 || workedMs - reportedAtMs < reportEveryMs) continue;
      reportedAtMs = workedMs;
      beside = report().then(
        () => (beside = null),
        (error: unknown) => (failure = { error }),
      );
    }
    await beside;
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
  };

  const leave = async (): Promise<ShardOutcome> => {
    queue.clear();
    await report({ release: true });
    return { exitCode: 143, message: `left when asked: ${summary()}` };
  };

  const run = async (): Promise<ShardOutcome> => {
    let reply = await report({ describe: true });
    if (reply.task === undefined) throw new ShardEnd({ exitCode: 1, message: 'the platform sent no task' });
    const bound = bindTask(reply.task, surroundings.engines);
    say(`shard ${shard}, attempt ${attempt}: ${bound.description}`);
    while (!signal.aborted) {
      if (queue.size > 0) await runLease(bound);
      else await clock.sleep(reply.retryAfterMs ?? 100, signal);
      if (!signal.aborted) reply = await report();
    }
    return leave();
  };

  return { run };
};
