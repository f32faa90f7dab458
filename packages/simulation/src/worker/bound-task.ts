import type { Task } from '@simfleet/contracts';
import type { BlockRequest, Engine, Kernel } from '@simfleet/domain';
import { ShardEnd } from './outcome.ts';

/** A task bound to the engine that runs it. */
export interface BoundTask {
  readonly description: string;
  readonly kernel: Kernel;
  request(block: number): BlockRequest;
}

/**
 * Finds the engine build that the job is bound to. Throws `ShardEnd` with exit code 42 when this worker has another build, since a result of
 * another kernel must never enter the ledger, and no retry here can help.
 */
export const bindTask = (task: Task, engines: readonly Engine[]): BoundTask => {
  const engine = engines.find((candidate) => candidate.name === task.engine);
  if (engine === undefined) {
    throw new ShardEnd({ exitCode: 42, message: `this worker has no engine «${task.engine}»` });
  }
  if (engine.kernelHash !== task.kernelHash) {
    throw new ShardEnd({
      exitCode: 42,
      message: `the job is bound to kernel ${task.kernelHash} of ${task.engine}, this worker has ${engine.kernelHash}`,
    });
  }
  const { blockSize, parameters } = task;
  // An exact engine is bounded by its parameters: its plan says how many integers there are.
  const bound = task.maxPaths ?? (engine.kind === 'exact' ? engine.plan(parameters).units : null);
  const seed = BigInt(task.seed);
  return {
    description: `${task.engine}, seed ${task.seed}, blocks of ${blockSize}${bound === null ? '' : ` up to ${bound}`}`,
    kernel: engine.open(),
    request(block) {
      const units = bound === null ? blockSize : Math.min(blockSize, bound - block * blockSize);
      if (units < 1) throw new ShardEnd({ exitCode: 1, message: `block ${block} lies beyond the bound of ${bound}` });
      return { parameters, seed, blockSize, block, units };
    },
  };
};
