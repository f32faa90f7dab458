import type { Module } from '@simfleet/runtime';
import type { Assembly } from './assembly.ts';
import { announce, withdraw } from './data-directory.ts';
import { isOneOfSeveral } from './sharing.ts';

/** Two looks of a load balancer that looks every second, as the one in examples/haproxy does twice. */
const drainMsBehindBalancer = 2_000;

/**
 * How clients find the process: those on this machine by `platform.json`, which is there exactly while it is ready; load balancers by `/readyz`, which is
 * false before this stops. They need a moment to see it, in which requests are still taken.
 */
export const startAnnouncing =
  (
    { directory, configuration, leases, print, pid }: Assembly,
    url: () => string,
    socketsUrl: () => string | null,
  ): Module['start'] =>
  async ({ clock }) => {
    const { platform } = configuration;
    const drainMs = platform.drainMs ?? (isOneOfSeveral(platform) ? drainMsBehindBalancer : 0);
    const addresses = { url: url(), socketsUrl: socketsUrl() };
    if (directory !== null) await announce(directory, { ...addresses, pid });
    const ready = { ...addresses, pid, dataDir: directory?.path ?? null, memberId: leases.memberId };
    if (platform.printReady) print(`${JSON.stringify(ready)}\n`);
    return {
      async stop() {
        if (directory !== null) await withdraw(directory);
        if (drainMs > 0) await clock.sleep(drainMs);
      },
    };
  };
