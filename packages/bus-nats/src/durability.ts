import { SimfleetError } from '@simfleet/contracts';
import { z } from 'zod';

/** The project’s floor. Persistence modes, which we refuse one of, exist since 2.12. */
const oldest = [2, 12, 3] as const;

/** Throws `invalid-configuration` for a server older than 2.12.3. */
export const checkVersion = (version: string): void => {
  const parts = version.split(/[.-]/, 3).map(Number);
  const at = oldest.findIndex((least, index) => (parts[index] ?? 0) !== least);
  if (at >= 0 && !((parts[at] ?? 0) > (oldest[at] ?? 0))) {
    throw new SimfleetError('invalid-configuration', `NATS ${version} is too old: ${oldest.join('.')} is the least.`);
  }
};

const varz = z.object({
  jetstream: z.object({
    config: z.object({ sync_interval: z.number().optional(), sync_always: z.boolean().optional() }),
  }),
});
const monitorMs = 2000;

/**
 * When the server syncs what it acknowledged. Clients cannot ask for it: the JetStream API does not tell, only the monitoring port does, so
 * without one it is unknown.
 */
export const syncPolicy = async (monitorUrl: string | undefined): Promise<string> => {
  if (monitorUrl === undefined) return 'sync unknown';
  try {
    const answer = await fetch(new URL('/varz', monitorUrl), { signal: AbortSignal.timeout(monitorMs) });
    const { config } = varz.parse(await answer.json()).jetstream;
    if (config.sync_always === true) return 'synced before acknowledged';
    return config.sync_interval === undefined ? 'sync unknown' : `synced every ${config.sync_interval / 1e9} s`;
  } catch {
    return 'sync unknown: the monitoring port did not tell';
  }
};
