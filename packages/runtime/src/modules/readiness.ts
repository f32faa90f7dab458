import { errorCode } from '@simfleet/contracts';
import type { Clock } from '../clock.ts';
import type { RunningModule } from '../module.ts';
import { withinTime } from './within-time.ts';

export interface ModuleCheck {
  readonly name: string;
  readonly ready: boolean;
  /** Why not, safe to show: the code of an error of ours, or its kind. */
  readonly reason?: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly phase: 'starting' | 'running' | 'stopping';
  readonly modules: readonly ModuleCheck[];
}

/**
 * Whether the process can take work. Made before the modules, so that the HTTP server among them can show it; `startModules` writes it.
 */
export interface Readiness {
  check(): Promise<ReadinessReport>;
  /** Called by `startModules` alone. */
  started(name: string, module: RunningModule): void;
  running(): void;
  stopping(): void;
}

/** A check that takes longer than this counts as failed: a probe must not hang with the part it probes. */
const checkLimitMs = 2_000;

export const createReadiness = (clock: Clock): Readiness => {
  const modules = new Map<string, RunningModule>();
  let phase: ReadinessReport['phase'] = 'starting';
  const checkOne = async (name: string, module: RunningModule): Promise<ModuleCheck> => {
    try {
      if (module.check !== undefined) await withinTime(clock, checkLimitMs, module.check(), `check of ${name}`);
      return { name, ready: true };
    } catch (error) {
      return { name, ready: false, reason: errorCode(error) ?? 'internal' };
    }
  };
  return {
    async check() {
      const checks = await Promise.all([...modules].map(([name, module]) => checkOne(name, module)));
      return { ready: phase === 'running' && checks.every((each) => each.ready), phase, modules: checks };
    },
    started: (name, module) => void modules.set(name, module),
    running: () => {
      if (phase === 'starting') phase = 'running';
    },
    stopping: () => {
      phase = 'stopping';
    },
  };
};
