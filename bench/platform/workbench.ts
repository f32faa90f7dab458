import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClient } from '../../test/e2e/client.ts';
import type { Client, JobInput } from '../../test/e2e/client.ts';
import { startPlatform } from '../../test/e2e/platform.ts';
import type { PlatformProcess, PlatformStart } from '../../test/e2e/platform.ts';

export interface Workbench {
  readonly platform: PlatformProcess;
  readonly client: Client;
}

/** Runs the work on a platform of its own, in an empty data directory on the machine's own disk. */
export const onPlatform = async <Result>(
  start: Partial<PlatformStart>,
  work: (bench: Workbench) => Promise<Result>,
): Promise<Result> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  const platform = await startPlatform({ dataDir, slots: 2, ...start });
  try {
    return await work({ platform, client: openClient(platform) });
  } finally {
    await platform.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

export const european = (spec: Partial<JobInput['spec']>): JobInput => ({
  spec: {
    serviceRef: { name: 'european-option' },
    parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' },
    seed: '42',
    ...spec,
  },
});

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The processes of the pool, once all of them are there and idle. */
export const warmPids = async (platform: PlatformProcess, slots: number): Promise<readonly number[]> => {
  while (platform.shardPids().length < slots) await pause(10);
  // The pool has no door for outsiders: their start takes a tenth of a second.
  await pause(1_000);
  return platform.shardPids();
};
