import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine } from '@simfleet/domain';
import { builtInEngines } from '@simfleet/simulation/engines';
import { openHttpTransport, runShard } from '@simfleet/simulation/worker';
import type { ShardOutcome, ShardSurroundings } from '@simfleet/simulation/worker';
import { endOfOutput } from './messages.ts';
import type { Assignment, FromShard, ToShard } from './messages.ts';

/** What a shard process has of the world. */
export interface ShardProcessSurroundings {
  readonly clock: ShardSurroundings['clock'];
  /** `sent` is called once the message is on its way. */
  readonly send: (message: FromShard, sent?: () => void) => void;
  readonly receive: (handler: (message: ToShard) => void) => void;
  /** Lines of standard output and standard error; written before the call returns. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Aborts on SIGTERM. */
  readonly terminated: AbortSignal;
  readonly exit: (code: number) => void;
}

/**
 * Runs one assignment after the other until told to end. Kernels are compiled before the first one, and stay: a block's result depends on
 * nothing but its request, so a process may serve any number of jobs. After a failure it exits, whatever state it is in.
 */
export const serveShards = (surroundings: ShardProcessSurroundings): void => {
  const engines = compiled(builtInEngines());
  let leave: AbortController | null = null;

  const serve = async (assignment: Assignment): Promise<void> => {
    leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, surroundings.terminated]);
    const outcome = await runAssignment(assignment, engines, signal, surroundings);
    leave = null;
    finish(outcome);
  };

  const finish = ({ exitCode, message }: ShardOutcome): void => {
    if (isReusable(exitCode)) surroundings.out(message);
    else surroundings.err(message);
    surroundings.out(endOfOutput);
    surroundings.err(endOfOutput);
    surroundings.send({ type: 'ended', exitCode, message }, () => {
      if (surroundings.terminated.aborted) surroundings.exit(143);
      else if (!isReusable(exitCode)) surroundings.exit(exitCode);
    });
  };

  surroundings.receive((message) => {
    if (message.type === 'release') leave?.abort();
    else void serve(message);
  });
  surroundings.terminated.addEventListener('abort', () => {
    if (leave === null) surroundings.exit(143);
  });
  surroundings.send({ type: 'ready' });
};

const runAssignment = async (
  { url, jobId, shard, attempt, tokenFile }: Assignment,
  engines: readonly Engine[],
  signal: AbortSignal,
  { clock, out, send }: ShardProcessSurroundings,
): Promise<ShardOutcome> => {
  const transport = await openHttpTransport({ url });
  try {
    const token = await readFile(tokenFile, 'utf8');
    return await runShard(
      { jobId, shard, attempt, token },
      {
        engines,
        transport,
        clock,
        random: Math.random,
        yieldTurn: () => nextTurn(),
        signal,
        say: out,
        onAccepted: (blocks) => send({ type: 'accepted', blocks }),
      },
    );
  } catch (error) {
    return { exitCode: 1, message: `the job token cannot be read: ${String(error)}` };
  } finally {
    transport.close();
  }
};

const isReusable = (exitCode: number): boolean => exitCode === 0 || exitCode === 143;

/** The engines with their kernels compiled once. */
const compiled = (engines: readonly Engine[]): readonly Engine[] =>
  engines.map((engine) => {
    const kernel = engine.open();
    return Object.create(engine, { open: { value: () => kernel } }) as Engine;
  });
