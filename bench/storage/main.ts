// What the SQLite storage does on this machine: durable writes alone and together, reads, pages, and how fast the outbox wakes.
// Budgets of the platform: 50,000 ledger entries/s in batches, 1,000 durable appends/s from 64 callers, wake-up below 1 ms.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRelay, type Collection, type NewEvent } from '@simfleet/storage';
import { openSqliteStorage, type SqliteStorage } from '@simfleet/storage/sqlite';

interface Job {
  readonly customer: string;
  readonly name: string;
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
}

const rounds = 5;
const rate = (each: number): string => `${Math.round(each).toLocaleString('en-US')}/s`;

/** Median and spread over the rounds of `count` operations done by `callers` loops at once. */
const measure = async (
  storage: SqliteStorage,
  name: string,
  { callers, count }: { readonly callers: number; readonly count: number },
  operation: (index: number) => Promise<unknown>,
  perOperation = 1,
): Promise<void> => {
  const rates: number[] = [];
  const before = storage.counts;
  let index = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const start = performance.now();
    const end = round * count;
    const loop = async (): Promise<void> => {
      while (index < end) await operation(index++);
    };
    await Promise.all(Array.from({ length: callers }, loop));
    rates.push((count * perOperation * 1000) / (performance.now() - start));
  }
  const after = storage.counts;
  const sorted = rates.toSorted((a, b) => a - b);
  const commits = ((after.commits - before.commits) / (rounds * count * perOperation)).toFixed(4);
  const [low = 0, middle = 0, high = 0] = [sorted[0], sorted[rounds >> 1], sorted[rounds - 1]];
  console.log(
    `${name.padEnd(44)} ${rate(middle).padStart(14)}  (${rate(low)} … ${rate(high)})  fsyncs per one: ${commits}`,
  );
};

const job = (index: number): Job => ({
  customer: `customer-${index % 10}`,
  name: `job-${index % 5000}`,
  size: index,
  labels: { team: `team-${index % 7}` },
});

const event = (index: number): NewEvent => ({
  specversion: '1.0',
  id: `event-${index}`,
  source: `/jobs/${index}`,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-01T00:00:00.000Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: `${index}`, customer: 'acme', generation: 1, shard: 0, attempt: 1 },
});

const entry = (
  index: number,
): { readonly key: string; readonly data: { block: number; moments: number[]; digest: string } } => ({
  key: `${index}:50000`,
  data: { block: index, moments: [1.5, 2.25, 3.125, 0.1], digest: 'abcdef0123456789abcdef0123456789' },
});

const measureLog = async (storage: SqliteStorage): Promise<void> => {
  const { log } = storage;
  await measure(storage, 'append, 1 caller', { callers: 1, count: 300 }, (index) => log.append('one', [entry(index)]));
  await measure(storage, 'append, 64 callers', { callers: 64, count: 6400 }, (index) =>
    log.append('many', [entry(index)]),
  );
  const batch = (index: number): Promise<unknown> =>
    log.append(
      'batches',
      Array.from({ length: 500 }, (_, each) => entry(index * 500 + each)),
    );
  await measure(storage, 'append, 4 callers × 500 entries (entries)', { callers: 4, count: 80 }, batch, 500);
  await measure(
    storage,
    'read, pages of 500 (entries)',
    { callers: 1, count: 80 },
    (index) => log.read('batches', index * 500, 500),
    500,
  );
};

const measureDocuments = async (storage: SqliteStorage, jobs: Collection<Job>): Promise<void> => {
  await measure(storage, 'insert with event, 64 callers', { callers: 64, count: 4000 }, (index) =>
    jobs.insert(`job-${index}`, job(index), [event(index)]),
  );
  await measure(storage, 'save (compare-and-set), 64 callers', { callers: 64, count: 4000 }, (index) =>
    jobs.save(`job-${index}`, 1, job(index + 1)),
  );
  await measure(storage, 'get', { callers: 1, count: 20_000 }, (index) => jobs.get(`job-${index % 20_000}`));
  await measure(storage, 'page of 50 in the middle of 20,000', { callers: 1, count: 200 }, (index) =>
    jobs.query({
      sort: { field: 'name', direction: 'descending' },
      limit: 50,
      after: { key: `job-${index}`, id: 'job-5' },
      filter: { op: 'eq', field: 'customer', value: `customer-${index % 10}` },
    }),
  );
};

/** Milliseconds from the acknowledgement of a write to its event reaching `publish`; negative when the event came first. */
const measureWake = async (storage: SqliteStorage, jobs: Collection<Job>): Promise<void> => {
  for (let left = await storage.outbox.pending(1000); left.length > 0; left = await storage.outbox.pending(1000)) {
    await storage.outbox.markPublished(left);
  }
  let published = Promise.withResolvers<number>();
  const after = (ms: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const publish = async (): Promise<void> => published.resolve(performance.now());
  const logger = { warn: console.error, error: console.error };
  const relay = startRelay({ outbox: storage.outbox, publish, clock: { after }, logger });
  const delays: number[] = [];
  for (let index = 0; index < 300; index += 1) {
    published = Promise.withResolvers();
    const written = jobs.insert(`wake-${index}`, job(index), [event(1e6 + index)]).then(() => performance.now());
    delays.push((await published.promise) - (await written));
  }
  await relay.stop();
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): string => `${(sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(3)} ms`;
  console.log(`commit → publish: median ${at(0.5)}, 99 % below ${at(0.99)}`);
};

const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
const storage = await openSqliteStorage({ file: join(directory, 'store.db') });
console.log(`${storage.description} on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`);
const fields = {
  customer: { path: ['customer'], type: 'text' },
  name: { path: ['name'], type: 'text' },
  size: { path: ['size'], type: 'number' },
} as const;
const jobs = await storage.collection<Job>({ name: 'jobs', fields, sorts: ['name', 'size'] });
await measureLog(storage);
await measureDocuments(storage, jobs);
await measureWake(storage, jobs);
await storage.close();
rmSync(directory, { recursive: true });
