import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { createMetrics, systemClock } from '@simfleet/runtime';
import { guardStore, type LossPolicy, type SlidingLogRule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import { redisMissing, silentLogger, startRedis, type TestRedis } from '@simfleet/testing';
import { quantile } from '../figures/spread.ts';
import type { Goals } from '../figures/goals.ts';
import { drive, newLoad, replicas, wrongs, type Load, type Subject } from './loss-load.ts';
import { LeftOut, type Measure } from './part.ts';

/** One window is longer than the run: what is admitted above the limit is wrong, whatever the algorithm. */
const limit = 600;
const windowMs = 120_000;
const share = limit / replicas;
const timeoutMs = 100;
const [beforeMs, afterMs] = [6_000, 8_000];

const ours = async (policy: LossPolicy, url: string): Promise<Subject> => {
  const rule: SlidingLogRule = { name: policy, algorithm: 'sliding-log', limit, windowMs };
  const guards = await Promise.all(
    Array.from({ length: replicas }, async () =>
      guardStore({
        store: await openRedisLimiterStore({ url, timeoutMs: 20 * timeoutMs }),
        shares: openMemoryLimiterStore({ clock: systemClock, maxKeys: 10_000 }),
        replicas,
        timeoutMs,
        onLoss: () => policy,
        clock: systemClock,
        metrics: createMetrics(),
        logger: silentLogger(),
      }),
    ),
  );
  return {
    name: `ours, ${policy}`,
    ask: async (replica, key) => (await guards[replica]?.decideOne({ rule, key }))?.allowed === true,
    close: async () => void (await Promise.all(guards.map((guard) => guard.close()))),
  };
};

/** As its documentation has it: commands are not queued while Redis is away, and the insurance holds limit ÷ processes. */
const flexible = (url: string): Subject => {
  const clients = Array.from({ length: replicas }, () => new Redis(url, { enableOfflineQueue: false }));
  const duration = windowMs / 1_000;
  const limiters = clients.map((storeClient) => {
    storeClient.on('error', () => undefined);
    const insuranceLimiter = new RateLimiterMemory({ points: share, duration });
    return new RateLimiterRedis({
      storeClient,
      points: limit,
      duration,
      insuranceLimiter,
      rejectIfRedisNotReady: true,
    });
  });
  return {
    name: 'rate-limiter-flexible, insurance',
    ask: async (replica, key) => {
      await limiters[replica]?.consume(key);
      return true;
    },
    close: async () => clients.forEach((client) => client.disconnect()),
  };
};

interface Trouble {
  readonly name: string;
  readonly lostMs: number;
  readonly lose: (redis: TestRedis) => Promise<void>;
  readonly giveBack: (redis: TestRedis) => Promise<void>;
  /** How often the store starts at nothing. */
  readonly forgets: number;
}

const killed: Trouble = {
  name: 'Redis killed for 10 s, and started again empty',
  lostMs: 10_000,
  lose: (redis) => redis.kill(),
  giveBack: (redis) => redis.restart(),
  forgets: 1,
};

const stopped: Trouble = {
  name: 'Redis stopped (SIGSTOP) for 4 s: connected, and answers nothing',
  lostMs: 4_000,
  lose: async (redis) => redis.pause(),
  giveBack: async (redis) => redis.resume(),
  forgets: 0,
};

/** The most that a key may be admitted, by policy; null: nothing is promised. */
const boundOf = (name: string, { forgets }: Trouble): number | null => {
  if (name === 'ours, closed') return limit * (1 + forgets);
  if (name === 'ours, share') return limit * (1 + forgets) + replicas * share;
  return null;
};

const report = ({ name }: Subject, load: Load, trouble: Trouble, stallMs: number, goals: Goals): void => {
  const { admitted, refused, worst } = wrongs(load, limit);
  const [p99, slowest] = [quantile(load.latencies, 0.99), Math.max(...load.latencies)];
  const bound = boundOf(name, trouble);
  const verdicts: string[] = [];
  if (bound !== null)
    verdicts.push(goals.judge(`${name}: ${worst} of one key`, `≤ ${bound} of one key`, worst <= bound));
  if (name.startsWith('ours')) {
    const most = timeoutMs + stallMs + 5;
    const goal = `≤ time-out of ${timeoutMs} ms + longest stall + 5 ms`;
    verdicts.push(goals.judge(`${name}: slowest ${slowest.toFixed(0)} ms`, goal, slowest <= most));
  }
  console.log(
    `  ${name.padEnd(34)}${String(admitted).padStart(7)}${String(refused).padStart(9)}${String(worst).padStart(11)}` +
      `${p99.toFixed(1).padStart(10)}${slowest.toFixed(1).padStart(10)}${String(load.open).padStart(12)}  ${verdicts.join('; ')}`,
  );
};

const play = async (trouble: Trouble, goals: Goals): Promise<void> => {
  const cleanUps: (() => Promise<void>)[] = [];
  const redis = await startRedis({ after: (cleanUp) => void cleanUps.push(cleanUp) });
  const policies: readonly LossPolicy[] = ['open', 'closed', 'share'];
  const subjects = [...(await Promise.all(policies.map((policy) => ours(policy, redis.url)))), flexible(redis.url)];
  try {
    const stalls = monitorEventLoopDelay({ resolution: 5 });
    const loads = subjects.map((subject) => [subject, newLoad()] as const);
    const script = async (): Promise<void> => {
      await pause(beforeMs);
      await trouble.lose(redis);
      await pause(trouble.lostMs);
      await trouble.giveBack(redis);
      await pause(afterMs);
    };
    stalls.enable();
    await drive(loads, script());
    await pause(2 * timeoutMs);
    stalls.disable();
    const stallMs = stalls.max / 1e6;
    console.log(
      `\n  ${trouble.name}; longest stall of the process ${stallMs.toFixed(0)} ms\n  ${'limiter'.padEnd(34)}${'wrongly'.padStart(7)}${'wrongly'.padStart(9)}${'most of'.padStart(11)}${'p99'.padStart(10)}${'slowest'.padStart(10)}${'unanswered'.padStart(12)}` +
        `\n  ${''.padEnd(32)}${'admitted'.padStart(9)}${'refused'.padStart(9)}${'a key'.padStart(11)}${'ms'.padStart(10)}${'ms'.padStart(10)}`,
    );
    for (const [subject, load] of loads) report(subject, load, trouble, stallMs, goals);
  } finally {
    for (const subject of subjects) await subject.close();
    for (const cleanUp of cleanUps) await cleanUp();
  }
};

/** A Redis that dies and one that hangs, under constant load, by policy. */
export const measure: Measure = async ({ goals }) => {
  const missing = redisMissing();
  if (missing !== false) throw new LeftOut(missing);
  console.log(`  ${limit} in ${windowMs / 1_000} s (longer than the run), ${replicas} replicas in one process, each with a connection of its own; four keys
  at 150/s and four at 20/s for each limiter, at constant rates, all limiters side by side on one Redis without persistence; time-out ${timeoutMs} ms.
  wrongly admitted: above the limit; wrongly refused: while less than the limit had been admitted, errors among them. Sums over eight keys.`);
  for (const trouble of [killed, stopped]) await play(trouble, goals);
};
