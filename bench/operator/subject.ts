import { openInspector, inspectorAddress, type Inspector } from './inspector.ts';
import type { Cluster, Scope } from './cluster.ts';
import { figuresOf, startTied, type ProcessFigures } from './tied-process.ts';

/** Something that reconciles SimulationJobs, as a process of its own. */
export interface Subject {
  readonly name: string;
  /** What it does for a job, in short. */
  readonly does: string;
  /** Starts it with whatever it needs besides the cluster; it ends with the scope. Resolves when it is about to work. */
  start(cluster: Cluster, scope: Scope, options: SubjectOptions): Promise<RunningSubject>;
}

export interface SubjectOptions {
  /** Whether `inspector` is wanted: it costs a little, so rates are measured without. */
  readonly inspect: boolean;
}

export interface RunningSubject {
  figures(): ProcessFigures;
  /** Null of what is no Node process, and unless it was asked for. */
  readonly inspector: Inspector | null;
  /** Of processes that it needs, by name. */
  readonly others?: Readonly<Record<string, Inspector | null>>;
  stop(): Promise<void>;
}

/** Starts a subject's command; that of Node is `node` and becomes the present one. */
export const startSubject = async (
  scope: Scope,
  command: readonly string[],
  isReady: (line: string) => boolean,
  { inspect }: SubjectOptions,
  variables?: Readonly<Record<string, string>>,
): Promise<RunningSubject> => {
  const [program = '', ...args] = command;
  const words =
    program === 'node' ? [process.execPath, ...(inspect ? ['--inspect=127.0.0.1:0'] : []), ...args] : command;
  const started = await startTied(words, isReady, variables);
  const address = inspectorAddress(started.log());
  const inspector = address === null ? null : await openInspector(address);
  const stop = async (): Promise<void> => {
    inspector?.close();
    await started.stop();
  };
  scope.after(stop);
  return { figures: () => figuresOf(started.pid), inspector, stop };
};
