// Decisions a second over Redis beside a script that does nothing, and beside rate-limiter-flexible; everything on one connection each, in turns.
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Rule } from '@simfleet/rate-limit';
import { openRedisLimiterStore, type RedisLimiterStore } from '@simfleet/rate-limit/redis';
import { redisMissing, startRedis, startValkey, type RedisKind, type TestRedis } from '@simfleet/testing';
import type { Goals } from '../figures/goals.ts';
import { shown, spreadOf } from '../figures/spread.ts';
import { LeftOut, type PartOptions } from './part.ts';

const keys = Array.from({ length: 1_000 }, (_, index) => `user-${(index * 7_919) % 1_000}`);
const windowMs = 60_000;
const plenty = 1_000_000;
const rules: readonly Rule[] = [
  { name: 'token-bucket', algorithm: 'token-bucket', limit: plenty, windowMs },
  { name: 'fixed-window', algorithm: 'fixed-window', limit: plenty, windowMs },
  { name: 'sliding-counter', algorithm: 'sliding-counter', limit: plenty, windowMs },
  { name: 'sliding-log', algorithm: 'sliding-log', limit: 60_000, windowMs: 1_000 },
];
const perMinute = { algorithm: 'sliding-log', limit: 100, windowMs } as const;
/** Goals are judged of these: the leanest state, and the logs, whose states are the largest. */
const judged: ReadonlySet<string> = new Set(['token-bucket', 'sliding-log', '100 a minute', '100 a minute, spent']);

const loads = [
  { name: 'serial', inFlight: 1, pipelined: false, count: 4_000 },
  { name: '64 in flight', inFlight: 64, pipelined: false, count: 20_000 },
  { name: '64 in flight, autopipelined', inFlight: 64, pipelined: true, count: 30_000 },
  { name: '512 in flight, autopipelined', inFlight: 512, pipelined: true, count: 30_000 },
] as const;
type Load = Pick<(typeof loads)[number], 'inFlight'> & { readonly count: number };

interface Subject {
  readonly name: string;
  readonly ask: (key: string) => Promise<unknown>;
}

const rate = async ({ ask }: Subject, { inFlight, count }: Load): Promise<number> => {
  let asked = 0;
  const lane = async (): Promise<void> => {
    while (asked < count) await ask(keys[asked++ % keys.length] ?? '');
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return count / (performance.now() - start);
};

/** The smallest thing that can be asked in the same way: the same key and the same words, and a script that looks at none of them. */
const bare = async (client: Redis): Promise<readonly Subject[]> => {
  const text = 'return 1';
  await client.script('LOAD', text);
  const sha = createHash('sha1').update(text).digest('hex');
  const words = [String(plenty), String(windowMs), String(plenty), '1', 't'];
  return [
    { name: 'bare', ask: (key) => client.evalsha(sha, 1, `{simfleet-limits}token-bucket:${key}`, ...words) },
    { name: 'bare, without arguments', ask: (key) => client.evalsha(sha, 1, `{simfleet-limits}token-bucket:${key}`) },
  ];
};

/** The log of job submission as users meet it: each key admits 80, then there are a thousand others; and a log that is spent. */
const logsOfAMinute = (store: RedisLimiterStore): readonly Subject[] => {
  let asked = 0;
  const fresh = (key: string): string => `${key}-${Math.floor(asked++ / (80 * keys.length))}`;
  const admitted: Rule = { name: 'minute', ...perMinute };
  const spent: Rule = { name: 'spent', ...perMinute };
  return [
    { name: '100 a minute', ask: (key) => store.decideOne({ rule: admitted, key: fresh(key) }) },
    { name: '100 a minute, spent', ask: (key) => store.decideOne({ rule: spent, key }) },
  ];
};

const commandsOf = async (server: TestRedis): Promise<number> => {
  const stats = await server.cli('INFO', 'commandstats');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
};

const measureOn = async (kind: RedisKind, rounds: number, goals: Goals): Promise<void> => {
  const cleanUps: (() => Promise<void>)[] = [];
  const server = await (kind === 'redis' ? startRedis : startValkey)({ after: (one) => void cleanUps.push(one) });
  const plain = new Redis(server.url);
  const pipelined = new Redis(server.url, { enableAutoPipelining: true });
  const store = await openRedisLimiterStore({ url: server.url, timeoutMs: 5_000 });
  const ours = rules.map((rule): Subject => ({ name: rule.name, ask: (key) => store.decideOne({ rule, key }) }));
  const minuteLogs = logsOfAMinute(store);
  try {
    for (const subject of minuteLogs) await rate(subject, { inFlight: 64, count: perMinute.limit * keys.length });
    for (const load of loads) {
      const client = load.pipelined ? pipelined : plain;
      const peer = new RateLimiterRedis({ storeClient: client, points: plenty, duration: windowMs / 1_000 });
      const subjects = [
        ...(await bare(client)),
        ...ours,
        ...minuteLogs,
        { name: 'peer', ask: (key: string) => peer.consume(key) },
      ];
      const measured = subjects.map((subject) => ({ subject, rates: [] as number[], ratios: [] as number[] }));
      for (const { subject } of measured) await rate(subject, { ...load, count: Math.min(load.count, 2_000) });
      for (let round = 0; round < rounds; round += 1) {
        for (const { subject, rates, ratios } of measured) {
          rates.push(await rate(subject, load));
          ratios.push((rates.at(-1) ?? 0) / (measured[0]?.rates.at(-1) ?? 1));
        }
      }
      console.log(`  ${kind}, ${load.name}`);
      for (const { subject, rates, ratios } of measured) {
        const ratio = spreadOf(ratios);
        const what = `${kind}, ${load.name}, ${subject.name}: ${ratio.median.toFixed(2)} × bare`;
        const verdict = judged.has(subject.name) ? `; ${goals.judge(what, '≥ 0.85 × bare', ratio.median >= 0.85)}` : '';
        console.log(`    ${subject.name.padEnd(24)} ${shown(spreadOf(rates), 1)}, ${shown(ratio, 2)} × bare${verdict}`);
      }
    }
    const together = (key: string): Promise<unknown> => store.decide(rules.map((rule) => ({ rule, key })));
    await together('first');
    await server.cli('CONFIG', 'RESETSTAT');
    const count = 1_000;
    for (const { ask } of ours) for (let each = 0; each < count; each += 1) await ask('counted');
    await Promise.all(Array.from({ length: count }, (_, each) => together(`together ${each}`)));
    const commands = (await commandsOf(server)) / (count * (ours.length + 1));
    console.log(
      `  ${kind}: ${commands} commands a decision, of one rule or of four together; ${goals.judge(`${kind}, commands`, '1 a decision', commands === 1)}`,
    );
    for (const { name } of ours) {
      const bytes = await server.cli('MEMORY', 'USAGE', `{simfleet-limits}${name}:${keys[1] ?? ''}`);
      console.log(`    ${name.padEnd(24)} ${bytes || 'no'} bytes a key in the server`);
    }
  } finally {
    plain.disconnect();
    pipelined.disconnect();
    await store.close();
    for (const cleanUp of cleanUps) await cleanUp();
  }
};

export const measure = async ({ rounds = 5, goals }: PartOptions): Promise<void> => {
  const missing = redisMissing();
  if (missing !== false) throw new LeftOut(missing);
  console.log(
    `  thousands of decisions a second, 1,000 keys in turns, all admitted (but for the spent log), median (least … most) of ${rounds} rounds in turns; the server in its own process;\n` +
      '  bare: EVALSHA of `return 1` with our key and arguments through ioredis 6; ratios are of the same round;\n' +
      '  peer: RateLimiterRedis of rate-limiter-flexible 11.4.0 (a fixed window) on the same kind of connection',
  );
  await measureOn('redis', rounds, goals);
  if (redisMissing('valkey') === false) await measureOn('valkey', rounds, goals);
};
