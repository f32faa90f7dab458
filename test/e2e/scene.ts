import { rmSync } from 'node:fs';
import { temporaryDirectory } from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Client, JobInput } from './client.ts';
import { startPlatform } from './platform.ts';
import type { PlatformProcess, PlatformStart } from './platform.ts';

/** A test, or a file of them. */
export interface Owner {
  after(cleanUp: () => void | Promise<void>): void;
}

export interface Scene {
  readonly platform: PlatformProcess;
  readonly client: Client;
}

/** A platform of its own for a test, on a free port and an empty data directory, stopped and removed after it. */
export const openScene = async (context: Owner, start: Partial<PlatformStart> = {}): Promise<Scene> => {
  const { path } = temporaryDirectory(context);
  const platform = await startPlatform({ slots: 2, dataDir: path, ...start });
  context.after(async () => {
    await platform.stop();
    rmSync(path, { recursive: true, force: true });
  });
  return { platform, client: openClient(platform) };
};

export const blackScholes = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' } as const;

/** Price of the call above by the closed form (Black & Scholes 1973). */
export const blackScholesPrice = 10.450583572185565;

/** A European option; bounds and the rest as the test needs them. */
export const european = (spec: Partial<JobInput['spec']>, more: Partial<JobInput> = {}): JobInput => ({
  ...more,
  spec: { serviceRef: { name: 'european-option' }, parameters: { ...blackScholes }, seed: '42', shards: 2, ...spec },
});
