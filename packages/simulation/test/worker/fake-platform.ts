import type { BlockResult, Report, ReportReply, Task } from '@simfleet/contracts';
import { report as reportSchema } from '@simfleet/contracts';
import type { BlockRequest, Engine } from '@simfleet/domain';
import type { ReportTransport, ShardAssignment, ShardSurroundings } from '../../src/worker/index.ts';

export const task: Task = {
  engine: 'counter',
  kernelHash: 'hash-of-counter',
  parameters: { step: 3 },
  seed: '18446744073709551615',
  blockSize: 10,
  maxPaths: null,
};

/** An engine whose results are easy to foresee; `onBlock` may throw. */
export const counterEngine = (onBlock: (request: BlockRequest) => void = () => undefined): Engine => ({
  kind: 'exact',
  name: task.engine,
  version: '1',
  kernelHash: task.kernelHash,
  description: '',
  parameters: {},
  metrics: [],
  plan: () => ({ blockSize: 10, blocks: null, units: null }),
  open: () => ({
    runBlock(request) {
      onBlock(request);
      return resultOf(request.block, request.units);
    },
  }),
  references: () => [],
  target: () => null,
  resolve: () => ({ metric: 'count', value: 0 }),
});

export const resultOf = (block: number, units: number): BlockResult => ({ kind: 'counts', counts: [block, units] });

export type Answer = ReportReply | number | Error;

/** A platform that answers each report as told, and checks every report against the contract. */
export const scriptedPlatform = (answer: (report: Report, index: number) => Answer) => {
  const reports: Report[] = [];
  const tokens: string[] = [];
  const transport: ReportTransport = {
    async post(_path, token, body) {
      const report = reportSchema.parse(JSON.parse(body));
      tokens.push(token);
      const index = reports.push(report) - 1;
      const reply = answer(report, index);
      if (reply instanceof Error) throw reply;
      const problem = { title: 'Problem', detail: 'as told' };
      if (typeof reply === 'number') return { status: reply, body: JSON.stringify(problem), retryAfterSeconds: null };
      return { status: 200, body: JSON.stringify(reply), retryAfterSeconds: null };
    },
    close: () => undefined,
  };
  return { transport, reports, tokens };
};

/** A platform with `blocks` blocks that grants `leaseSize` of them at a time and stops when all are done. */
export const leasingPlatform = (blocks: number, leaseSize: number, bound: number | null = null) => {
  const done = new Map<number, BlockResult[]>();
  let next = 0;
  const platform = scriptedPlatform((report) => {
    for (const { block, result } of report.done) done.set(block, [...(done.get(block) ?? []), result]);
    const described = report.describe ? { task: { ...task, maxPaths: bound } } : {};
    if (done.size === blocks) return { action: 'stop', lease: null };
    const count = Math.min(leaseSize, blocks - next);
    if (count === 0) return { action: 'continue', lease: null, retryAfterMs: 1, ...described };
    next += count;
    return { action: 'continue', lease: leaseOf(next - count, count), ...described };
  });
  return { ...platform, done };
};

export const leaseOf = (first: number, count: number) => ({ first, count, expires: '2030-01-01T00:00:00.000Z' });

export const assignment: ShardAssignment = { jobId: 'job-1', shard: 2, attempt: 5, token: 'secret-token' };

/** Surroundings in which sleeping takes no time and a block takes `blockMs`. */
export const surroundings = (transport: ReportTransport, engine: Engine = counterEngine()) => {
  const leave = new AbortController();
  const lines: string[] = [];
  const accepted: number[] = [];
  let time = 0;
  const given: ShardSurroundings = {
    engines: [engine],
    transport,
    clock: {
      monotonic: () => (time += 30),
      sleep: async (ms) => void (time += ms),
    },
    random: () => 0.5,
    yieldTurn: () => new Promise((resolve) => void setImmediate(resolve)),
    signal: leave.signal,
    say: (line) => lines.push(line),
    onAccepted: (blocks) => accepted.push(blocks),
  };
  return { given, leave, lines, accepted };
};
