import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

/** What the runtime hands every module. */
export interface RuntimeContext {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Aborts when the platform begins to stop: end long waits. */
  readonly signal: AbortSignal;
}

/** A started module. */
export interface RunningModule {
  /** Throws when the module cannot do its work right now; part of `/readyz`. */
  check?(): Promise<void>;
  /** Finishes work under way. Called once `/readyz` is false, in reverse order of start. Idempotent. */
  stop(): Promise<void>;
}

/** A part that can be started alone or with others. Its dependencies arrive as arguments of the function that makes it. */
export interface Module {
  readonly name: string;
  readonly dependsOn: readonly string[];
  start(context: RuntimeContext): Promise<RunningModule>;
}
