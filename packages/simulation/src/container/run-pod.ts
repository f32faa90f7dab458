import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { builtInEngines } from '../engines/index.ts';
import { openHttpTransport, runShard } from '../worker/index.ts';
import type { ShardOutcome, ShardSurroundings } from '../worker/index.ts';
import { readPodEnvironment } from './pod-environment.ts';
import type { PodEnvironment } from './pod-environment.ts';

/** What a pod has of the world. */
export interface PodSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clock: ShardSurroundings['clock'];
  readonly say: (line: string) => void;
  /** Aborts on SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Runs the one shard that this pod is for. Never rejects. Whatever is wrong around it (variables, token, platform) ends it with 1, since the next
 * pod may find it better; 42, which ends the job, is for what no pod can help.
 */
export const runPod = async (surroundings: PodSurroundings): Promise<ShardOutcome> => {
  const read = readPodEnvironment(surroundings.variables);
  if ('mistakes' in read) return failed(['this is no pod of a job:', ...read.mistakes].join('\n'));
  const token = await readToken(read.environment.tokenFile);
  return 'failure' in token ? failed(token.failure) : run(read.environment, token.token, surroundings);
};

const run = async (
  { url, jobId, shard, attempt }: PodEnvironment,
  token: string,
  { clock, say, signal }: PodSurroundings,
): Promise<ShardOutcome> => {
  const transport = await openHttpTransport({ url });
  try {
    const surroundings = { engines: builtInEngines(), transport, clock, random: Math.random, signal, say };
    return await runShard(
      { jobId, shard, attempt, token },
      { ...surroundings, yieldTurn: () => nextTurn(), onAccepted: () => undefined },
    );
  } finally {
    transport.close();
  }
};

/** A Secret that was written with a newline at its end is taken as it is meant. */
const readToken = async (file: string): Promise<{ readonly token: string } | { readonly failure: string }> => {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    return token === '' ? { failure: `the job token cannot be read: ${file} is empty` } : { token };
  } catch (error) {
    return { failure: `the job token cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const failed = (message: string): ShardOutcome => ({ exitCode: 1, message });
