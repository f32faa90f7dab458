import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Module, RunningModule, RuntimeContext } from '../module.ts';
import { startOrder } from './order.ts';
import { createReadiness } from './readiness.ts';
import type { Readiness, ReadinessReport } from './readiness.ts';
import { withinTime } from './within-time.ts';

/** Time a module gets to stop, in milliseconds: a shard's 15 s to return its lease, and some. */
const defaultStopLimitMs = 20_000;

export interface StartOptions {
  readonly modules: readonly Module[];
  readonly context: RuntimeContext;
  /** Given when a module shows readiness itself (the HTTP server); made here otherwise. */
  readonly readiness?: Readiness;
  readonly stopLimitMs?: number;
}

export interface RunningModules {
  check(): Promise<ReadinessReport>;
  /** Readiness false first, then every module in reverse order of start. Never throws; idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts modules one after the other, each after what it depends on. When one fails, what had started is stopped again and the error
 * names the module, keeping the code of the error underneath.
 */
export const startModules = async (options: StartOptions): Promise<RunningModules> => {
  const { context, readiness = createReadiness(context.clock) } = options;
  const ordered = startOrder(options.modules);
  const started: { readonly name: string; readonly running: RunningModule }[] = [];
  let stopped: Promise<void> | undefined;

  const stopOne = async ({ name, running }: (typeof started)[number]): Promise<void> => {
    const began = context.clock.monotonic();
    try {
      await withinTime(context.clock, options.stopLimitMs ?? defaultStopLimitMs, running.stop(), `stop of ${name}`);
      context.logger.debug({ module: name, ms: Math.round(context.clock.monotonic() - began) }, 'stopped');
    } catch (error) {
      context.logger.error({ module: name, err: error }, 'did not stop cleanly');
    }
  };
  const stopAll = async (): Promise<void> => {
    readiness.stopping();
    for (const module of started.toReversed()) await stopOne(module);
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());

  for (const module of ordered) {
    if (context.signal.aborted) {
      await stop();
      throw new SimfleetError('unavailable', `stopped before module "${module.name}" had started`);
    }
    const began = context.clock.monotonic();
    try {
      const running = await module.start({ ...context, logger: context.logger.child({ module: module.name }) });
      started.push({ name: module.name, running });
      readiness.started(module.name, running);
      const ms = Math.round(context.clock.monotonic() - began);
      context.logger.debug({ module: module.name, ms }, 'started');
    } catch (error) {
      await stop();
      throw startFailure(module.name, error);
    }
  }
  readiness.running();
  return { check: () => readiness.check(), stop };
};

const startFailure = (name: string, error: unknown): SimfleetError => {
  const detail = error instanceof Error && 'detail' in error ? String(error.detail) : String(error);
  const mistakes = error instanceof SimfleetError ? error.mistakes : [];
  return new SimfleetError(errorCode(error) ?? 'internal', `module "${name}" did not start: ${detail}`, {
    cause: error,
    mistakes,
  });
};
