import assert from 'node:assert/strict';
import { isAlive, until } from '@simfleet/testing';
import type { Fleet } from '../fleet.ts';
import type { ServiceProcess } from '../platform.ts';

/** Something that dies, or hangs, and comes back. */
export interface Victim {
  readonly name: string;
  /** What `/readyz` of a replica says is missing meanwhile. */
  readonly module: 'storage' | 'bus' | null;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: at its place again, with what it had on disk. */
  restart(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  resume(): void;
}

/** A database that a test started. */
export type TestDatabase = Pick<Victim, 'name' | 'kill' | 'restart' | 'pause' | 'resume'>;

/** Everything of the fleet but its load balancer. */
export const victimsOf = (fleet: Fleet, database: TestDatabase): readonly Victim[] => [
  ...fleet.jobs.map((_, index) => processVictim(`jobs ${index + 1}`, fleet.jobs, index, fleet.startJobs)),
  ...fleet.executors.map((_, index) =>
    processVictim(`local-executor ${index + 1}`, fleet.executors, index, fleet.startExecutor),
  ),
  { ...database, module: 'storage' },
  { ...fleet.nats, name: 'NATS', module: 'bus' },
];

const processVictim = (
  name: string,
  among: ServiceProcess[],
  index: number,
  start: (index: number) => Promise<ServiceProcess>,
): Victim => {
  const current = (): ServiceProcess => {
    const process = among[index];
    assert.ok(process);
    return process;
  };
  return {
    name,
    module: null,
    async kill() {
      const orphans = current().shardPids();
      await current().kill();
      await until('shards to die with their executor', () => !orphans.some(isAlive));
    },
    async restart() {
      among[index] = await start(index);
    },
    pause: () => current().pause(),
    resume: () => current().resume(),
  };
};
