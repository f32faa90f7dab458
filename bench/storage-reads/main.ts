// Why reads stay on the main thread: one lookup there, next to the same lookup in a thread that is asked by message, alone and with 64 callers at
// once. Wall time for each, and the processor time of all threads together.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { openSqliteStorage } from '@simfleet/storage/sqlite';

const rows = 20_000;
const rounds = 5;
const lookups = 20_000;

/** Answers lookups as the writer's thread would: everything that queued is read, then answered in one message. */
const thread = `
  const { parentPort, workerData, receiveMessageOnPort } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const db = new DatabaseSync(workerData.file, { readOnly: true });
  const find = db.prepare(workerData.find);
  parentPort.on('message', (first) => {
    const answers = [];
    for (let next = first; next !== undefined; next = receiveMessageOnPort(parentPort)?.message) {
      for (const id of next) answers.push(find.get(id));
    }
    parentPort.postMessage(answers);
  });
  parentPort.postMessage([]);`;

interface Page {
  readonly customer: string;
  readonly title: string;
}

interface Cost {
  readonly wall: number;
  readonly processor: number;
}

/** Microseconds a lookup. */
const measure = async (callers: number, lookup: (id: string) => Promise<unknown>): Promise<Cost> => {
  const costs: Cost[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    let index = 0;
    const loop = async (): Promise<void> => {
      while (index < lookups) await lookup(`page-${(index++ * 7919) % rows}`);
    };
    await Promise.all(Array.from({ length: callers }, loop));
    const { user, system } = process.cpuUsage(before);
    costs.push({ wall: ((performance.now() - start) * 1000) / lookups, processor: (user + system) / lookups });
  }
  // The first round warms up.
  const middle = (of: keyof Cost): number =>
    costs
      .slice(1)
      .map((cost) => cost[of])
      .toSorted((a, b) => a - b)[rounds >> 1] ?? 0;
  return { wall: middle('wall'), processor: middle('processor') };
};

/** One message a turn of the event loop, answers in order: how `Writer` asks its thread. */
const asking = async (worker: Worker): Promise<(id: string) => Promise<unknown>> => {
  await new Promise((resolve) => worker.once('message', resolve));
  const waiting: ((row: Page) => void)[] = [];
  let unsent: string[] = [];
  worker.on('message', (answers: readonly { readonly doc: string }[]) => {
    for (const [index, resolve] of waiting.splice(0, answers.length).entries()) {
      resolve(JSON.parse(answers[index]?.doc ?? 'null') as Page);
    }
  });
  return (id) => {
    if (unsent.length === 0) {
      queueMicrotask(() => {
        worker.postMessage(unsent);
        unsent = [];
      });
    }
    unsent.push(id);
    return new Promise((resolve) => waiting.push(resolve));
  };
};

const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
const file = join(directory, 'store.db');
const storage = await openSqliteStorage({ file });
const pages = await storage.collection<Page>({ name: 'pages', fields: {}, sorts: [] });
const page = (index: number): Page => ({ customer: 'acme', title: `a title of some length ${index}`.repeat(8) });
await Promise.all(Array.from({ length: rows }, (_, index) => pages.insert(`page-${index}`, page(index))));

const find = 'SELECT id, version, doc FROM "c_pages" WHERE id = ? AND doc IS NOT NULL';
const raw = new DatabaseSync(file, { readOnly: true });
const statement = raw.prepare(find);
const worker = new Worker(thread, { eval: true, workerData: { file, find } });
const ask = await asking(worker);

console.log(
  `lookups of one of ${rows} documents on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
);
const ways: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
  ['node:sqlite, same SQL', async (id) => JSON.parse(String(statement.get(id)?.['doc'])) as Page],
  ['the store, on the main thread', (id) => pages.get(id)],
  ['a thread, asked by message', ask],
];
for (const callers of [1, 64]) {
  for (const [name, lookup] of ways) {
    const { wall, processor } = await measure(callers, lookup);
    const each = (us: number): string => `${us.toFixed(2)} µs`.padStart(10);
    console.log(
      `${name.padEnd(32)} ${String(callers).padStart(3)} callers ${each(wall)} wall ${each(processor)} processor`,
    );
  }
}
raw.close();
await worker.terminate();
await storage.close();
rmSync(directory, { recursive: true });
