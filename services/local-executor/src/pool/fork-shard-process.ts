import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { wrapWorkerProcess } from './worker-process.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface ForkOptions {
  /** Node binary that runs the shard; the one that runs the platform. */
  readonly execPath: string;
  /** Directory of Node's compile cache, shared by all shard processes: halves their start. */
  readonly compileCache: string;
}

const entry = fileURLToPath(new URL('../shard-process/shard-main.ts', import.meta.url));

/** A new shard process. Of the platform's environment it sees nothing. */
export const forkShardProcess = ({ execPath, compileCache }: ForkOptions): WorkerProcess =>
  wrapWorkerProcess(
    fork(entry, [], {
      execPath,
      execArgv: [],
      env: { NODE_COMPILE_CACHE: compileCache },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    }),
  );
