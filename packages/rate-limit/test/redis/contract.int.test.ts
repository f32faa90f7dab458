import { after, describe, test } from 'node:test';
import { redisMissing, startRedis, startRedisCluster, startValkey } from '@simfleet/testing';
import { testLimiterStore } from '@simfleet/rate-limit/contract';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';

/** Each server once for the whole suite; every check has keys of its own. */
const servers = [
  { name: 'Redis', missing: redisMissing(), start: startRedis, runs: 25 },
  { name: 'Valkey', missing: redisMissing('valkey'), start: startValkey, runs: 5 },
  { name: 'cluster of Redis', missing: redisMissing(), start: startRedisCluster, runs: 5 },
] as const;

for (const { name, missing, start, runs } of servers) {
  if (missing !== false) test(name, { skip: missing }, () => undefined);
  else
    describe(name, async () => {
      const { url } = await start({ after });
      testLimiterStore({
        name,
        open: (options) => openRedisLimiterStore({ url, timeoutMs: 5_000, ...options }),
        capabilities: { shared: true, runs },
      });
    });
}
