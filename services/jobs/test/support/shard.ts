import type { DoneBlock, Report, ReportInput, ReportReply, Task } from '@simfleet/contracts';
import type { Engine, Kernel } from '@simfleet/domain';
import type { Answer, Platform } from './platform.ts';

export const report = (platform: Platform, jobId: string, token: string, body: unknown): Promise<Answer<ReportReply>> =>
  platform.call<ReportReply>('POST', `/v1/jobs/${jobId}/reports`, body, { authorization: `Bearer ${token}` });

/** Runs blocks of a job by hand. */
export interface Runner {
  readonly task: Task;
  run(block: number): DoneBlock;
}

export const openRunner = (task: Task, engines: readonly Engine[]): Runner => {
  const engine = engines.find(({ name }) => name === task.engine);
  if (engine === undefined) throw new Error(`no engine ${task.engine}`);
  const kernel: Kernel = engine.open();
  const total = task.maxPaths ?? engine.plan(task.parameters).units ?? Infinity;
  return {
    task,
    run: (block) => ({
      block,
      result: kernel.runBlock({
        parameters: task.parameters,
        seed: BigInt(task.seed),
        blockSize: task.blockSize,
        block,
        units: Math.min(task.blockSize, total - block * task.blockSize),
      }),
    }),
  };
};

export interface Shard {
  readonly runner: Runner;
  readonly replies: readonly ReportReply[];
  /** Sends what was done so far; the reply's lease is what to do next. */
  step(change?: Partial<ReportInput>): Promise<ReportReply>;
}

/** A shard by hand: each step reports the blocks of the last lease. */
export const openShard = async (
  platform: Platform,
  jobId: string,
  token: string,
  shard = 0,
  attempt = 1,
): Promise<Shard> => {
  const send = async (body: ReportInput): Promise<ReportReply> => {
    const { status, body: reply } = await report(platform, jobId, token, body);
    if (status !== 200) throw new Error(JSON.stringify(reply));
    return reply;
  };
  const first = await send({ shard, attempt, describe: true });
  if (first.task === undefined) throw new Error(`no task: ${JSON.stringify(first)}`);
  const runner = openRunner(first.task, platform.engines);
  const replies = [first];
  return {
    runner,
    replies,
    async step(change = {}) {
      const { lease } = replies.at(-1) ?? first;
      const done: Report['done'] = [];
      for (let block = lease?.first ?? 0; block < (lease?.first ?? 0) + (lease?.count ?? 0); block++) {
        done.push(runner.run(block));
      }
      const reply = await send({ shard, attempt, done, ...change });
      replies.push(reply);
      return reply;
    },
  };
};

/** Works until the job stops it. Answers the number of reports. */
export const work = async (shard: Shard): Promise<number> => {
  for (let reports = 1; ; reports++) {
    const { action, lease } = await shard.step();
    if (action === 'stop') return reports;
    if (lease === null) await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
