import type { ChildProcess } from 'node:child_process';
import { splitLines } from '../output/line-splitter.ts';
import { endOfOutput } from '../shard-process/messages.ts';
import type { Assignment, FromShard, ToShard } from '../shard-process/messages.ts';

export type OutputStream = 'stdout' | 'stderr';

/** How an assignment ended. */
export interface AssignmentEnd {
  /** Null when a signal killed the process. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly message: string;
  readonly accepted: number;
}

/** A shard process: idle, or with one assignment. */
export interface WorkerProcess {
  readonly pid: number;
  /** Resolves once kernels are compiled; rejects when the process ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone and all of its output has been read. */
  readonly gone: Promise<void>;
  /** False once it has ended, or must not be used again. */
  readonly usable: boolean;
  assign(assignment: Assignment, onLine: (stream: OutputStream, line: string) => void): Promise<AssignmentEnd>;
  /** Asks it to leave the assignment under way. */
  release(): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Longest line of output, in bytes of UTF-8; longer ones are cut. */
const longestLine = 8192;
/** Lines of standard error that explain an end. */
const tailLines = 20;

interface Current {
  readonly ended: PromiseWithResolvers<AssignmentEnd>;
  readonly onLine: (stream: OutputStream, line: string) => void;
  accepted: number;
  /** Set by the process itself; a killed one says nothing. */
  report: { readonly exitCode: number; readonly message: string } | null;
  openStreams: number;
  readonly tail: string[];
}

/** Wraps a forked shard process (`stdio` piped, IPC channel open). */
export const wrapWorkerProcess = (child: ChildProcess): WorkerProcess => {
  const ready = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  let usable = true;
  let current: Current | null = null;

  const end = (exitCode: number | null, signal: string | null): void => {
    if (current === null) return;
    const { ended, accepted, report, tail } = current;
    current = null;
    ended.resolve({ exitCode, signal, accepted, message: report?.message ?? tail.join('\n') });
  };

  /** The assignment is over and the process lives on: both streams have said their last. */
  const endIfDone = (): void => {
    const report = current?.report;
    if (current?.openStreams !== 0 || report === undefined || report === null) return;
    if (report.exitCode === 0 || report.exitCode === 143) end(report.exitCode, null);
  };

  const takeLine = (stream: OutputStream, line: string): void => {
    if (current === null) return;
    if (line === endOfOutput) {
      current.openStreams--;
      return endIfDone();
    }
    if (stream === 'stderr') current.tail.splice(0, Math.max(0, current.tail.length + 1 - tailLines), line);
    current.onLine(stream, line);
  };

  const takeMessage = (message: FromShard): void => {
    if (message.type === 'ready') ready.resolve();
    else if (current === null) return;
    else if (message.type === 'accepted') current.accepted = message.blocks;
    else {
      current.report = message;
      if (message.exitCode !== 0 && message.exitCode !== 143) usable = false;
      endIfDone();
    }
  };

  const read = (stream: OutputStream): (() => void) => {
    const lines = splitLines(longestLine, (line) => takeLine(stream, line));
    child[stream]?.on('data', (chunk: Buffer) => lines.push(chunk));
    return () => lines.flush();
  };
  const flushes = [read('stdout'), read('stderr')];

  child.on('message', (message) => takeMessage(message as FromShard));
  child.on('error', (error) => {
    usable = false;
    ready.reject(error);
    if (child.pid === undefined) gone.resolve();
  });
  child.on('exit', () => (usable = false));
  child.on('close', (code, signal) => {
    usable = false;
    flushes.forEach((flush) => flush());
    end(code, signal);
    ready.reject(new Error(`the shard process ended with ${signal ?? `code ${code}`} before it was ready`));
    gone.resolve();
  });

  const send = (message: ToShard): void => {
    // A process that dies right now is noticed by its end, not here.
    if (child.connected) child.send(message, () => undefined);
  };

  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    gone: gone.promise,
    get usable() {
      return usable;
    },
    assign(assignment, onLine) {
      const ended = Promise.withResolvers<AssignmentEnd>();
      if (!usable || current !== null) {
        ended.resolve({ exitCode: null, signal: null, accepted: 0, message: 'the shard process could not be used' });
        return ended.promise;
      }
      current = { ended, onLine, accepted: 0, report: null, openStreams: 2, tail: [] };
      send({ type: 'assign', ...assignment });
      return ended.promise;
    },
    release: () => send({ type: 'release' }),
    kill: (signal) => void child.kill(signal),
  };
};
