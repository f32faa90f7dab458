// One limiter in memory under one load, alone in its process: `node memory-process.ts <subject> <load>`, answers a second (or bytes a key) on stdout.
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { systemClock } from '@simfleet/runtime';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { LimiterStore, Rule } from '@simfleet/rate-limit';

const windowMs = 60_000;
/** Buckets that fill slower than they are asked, so that they are in use and not forgotten between two questions. */
const perWindow = 10;
const rules: Readonly<Record<string, (limit: number) => Rule>> = {
  'token-bucket': (burst) => ({ name: 'token-bucket', algorithm: 'token-bucket', limit: perWindow, burst, windowMs }),
  'leaky-bucket': (burst) => ({ name: 'leaky-bucket', algorithm: 'leaky-bucket', limit: perWindow, burst, windowMs }),
  'fixed-window': (limit) => ({ name: 'fixed-window', algorithm: 'fixed-window', limit, windowMs }),
  'sliding-counter': (limit) => ({ name: 'sliding-counter', algorithm: 'sliding-counter', limit, windowMs }),
  // A window of a length in which a key remembers some tens of admissions, as 100 a minute would: with all admitted, a minute would be as many as come.
  'sliding-log': (limit) => ({
    name: 'sliding-log',
    algorithm: 'sliding-log',
    limit,
    windowMs: limit > 1_000 ? 100 : windowMs,
  }),
};

/** Asks for each key in turn, `count` times in all; the number of those admitted. */
type Run = (keys: readonly string[], count: number) => Promise<number>;

const openOurs = (subject: string, limit: number) => {
  const store = openMemoryLimiterStore({ clock: systemClock, maxKeys: 2_000_000 });
  const rule = rules[subject]?.(limit);
  if (rule === undefined) throw new Error(`no subject ${subject}`);
  return { store, rule };
};

// The loops below are alike and stay apart: through a function that decides, a call more is what would be measured.

const ours = (subject: string, limit: number): Run => {
  const { store, rule } = openOurs(subject, limit);
  let next = 0;
  return async (keys, count) => {
    let admitted = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const key = keys[next] ?? '';
      next = next + 1 === keys.length ? 0 : next + 1;
      // The port says that an answer may be a promise; this store's own type says that it is none, and lint that nobody waits for it.
      const decision = await (store as LimiterStore).decideOne({ rule, key });
      if (decision.allowed) admitted += 1;
    }
    return admitted;
  };
};

/** As the platform asks: an answer that is there is not waited for. */
const direct = (subject: string, limit: number): Run => {
  const { store, rule } = openOurs(subject, limit);
  let next = 0;
  return async (keys, count) => {
    let admitted = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const key = keys[next] ?? '';
      next = next + 1 === keys.length ? 0 : next + 1;
      if (store.decideOne({ rule, key }).allowed) admitted += 1;
    }
    return admitted;
  };
};

const peer = (limit: number): Run => {
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
  let next = 0;
  return async (keys, count) => {
    let admitted = 0;
    for (let turn = 0; turn < count; turn += 1) {
      const key = keys[next] ?? '';
      next = next + 1 === keys.length ? 0 : next + 1;
      try {
        await limiter.consume(key);
        admitted += 1;
      } catch {
        // Refused.
      }
    }
    return admitted;
  };
};

const open = (subject: string, limit: number): Run => {
  if (subject === 'peer') return peer(limit);
  return subject.endsWith(' at once') ? direct(subject.replace(' at once', ''), limit) : ours(subject, limit);
};

/** Address-like keys in an order that no cache foresees. */
const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `user-${(index * 7_919) % count}`);

const inBatches = async (run: Run, keys: readonly string[], ms: number): Promise<number> => {
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < ms; done += 5_000) await run(keys, 5_000);
  return (done * 1_000) / (performance.now() - start);
};

const warmMs = 400;
const measuredMs = 600;

const rate = async (subject: string, load: string): Promise<number> => {
  const limit = load === 'refusals' ? 1 : 1_000_000_000;
  // A service has rules of several kinds: what is quick only while one of them is in use is not measured.
  if (subject !== 'peer') for (const other of Object.keys(rules)) await inBatches(open(other, 5), keysOf(100), 20);
  const keys = keysOf(load === '10,000 keys' ? 10_000 : 1);
  const run = open(subject, limit);
  await inBatches(run, keys, warmMs);
  return inBatches(run, keys, measuredMs);
};

/** Heap and what is outside of it, a key. */
const bytes = async (subject: string): Promise<number> => {
  const count = 200_000;
  const collect = globalThis.gc ?? (() => undefined);
  const used = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const run = open(subject, 1_000);
  await run(['first'], 1);
  const before = used();
  for (let index = 0; index < count; index += 1) await run([`user-${index}`], 1);
  const after = used();
  await run(['first'], 1);
  return (after - before) / count;
};

const [subject = '', load = ''] = process.argv.slice(2);
console.log(load === 'bytes' ? await bytes(subject) : await rate(subject, load));
// The peer's timers need not be waited for.
process.exit(0);
