import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SimfleetEvent } from '@simfleet/contracts';
import { until } from '@simfleet/testing';

export interface Worker {
  readonly label: string;
  readonly process: ChildProcess;
}

/** What workers said, in the order in which it arrived here, and the rules that it must keep. */
export class Record {
  readonly #ended = new Map<string, Set<number>>();
  readonly violations: string[] = [];
  begins = 0;
  repeats = 0;
  last: Worker | null = null;
  lastAt = 0;
  readonly begunBy = new Map<string, number>();

  note(worker: Worker, word: string, source: string, version: number): void {
    const ended = this.#ended.get(source) ?? new Set();
    this.#ended.set(source, ended);
    if (word === 'end') ended.add(version);
    if (word !== 'begin') return;
    this.begins += 1;
    this.last = worker;
    this.lastAt = performance.now();
    this.begunBy.set(worker.label, (this.begunBy.get(worker.label) ?? 0) + 1);
    if (ended.has(version)) this.repeats += 1;
    if (version > 1 && !ended.has(version - 1))
      this.violations.push(`${worker.label} began ${source} ${version} early`);
  }

  count(): number {
    return [...this.#ended.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** Worker processes of one namespace; those left are killed after the test. */
export const makeCrew = (
  test: { after(cleanUp: () => void): void },
  url: string,
  namespace: string,
): {
  readonly record: Record;
  start(label: string, handlerMs?: number, ...fatal: readonly string[]): Promise<Worker>;
} => {
  const record = new Record();
  const processes = new Set<ChildProcess>();
  test.after(() => processes.forEach((child) => child.kill('SIGKILL')));
  return {
    record,
    async start(label, handlerMs = 0, ...fatal) {
      const file = new URL('worker-main.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [file, url, namespace, String(handlerMs), ...fatal], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      processes.add(child);
      const worker = { label, process: child };
      const ready = Promise.withResolvers<void>();
      void once(child, 'exit').then(() => ready.reject(new Error(`worker ${label} ended`)));
      createInterface(child.stdout).on('line', (line) => {
        const [word = '', source = '', version = '0'] = line.split(' ');
        if (word === 'ready') ready.resolve();
        else record.note(worker, word, source, Number(version));
      });
      await ready.promise;
      ready.promise.catch(() => undefined);
      return worker;
    },
  };
};

export const event = (source: number, version: number): SimfleetEvent => ({
  specversion: '1.0',
  id: `${source}-${version}`,
  source: `/jobs/${source}`,
  sourceversion: version,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: String(source), customer: 'acme', generation: 1, shard: 0, attempt: version },
});

/** Publishes the events of so many sources, in order within each, sources side by side; tries again what was not acknowledged. */
export const publishAll = async (
  publish: (event: SimfleetEvent) => Promise<void>,
  sources: number,
  versions: number,
  everyMs: number,
): Promise<void> => {
  await Promise.all(
    Array.from({ length: sources }, async (_, source) => {
      for (let version = 1; version <= versions; version += 1) {
        await until(
          'the publish',
          () =>
            publish(event(source, version)).then(
              () => true,
              () => false,
            ),
          30_000,
        );
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    }),
  );
};

/** Kills it and waits until it is gone. */
export const kill = async ({ process: child }: Worker): Promise<void> => {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
};

/** Everything handled, nothing begun before its predecessor was handled. */
export const assertOrderly = async (record: Record, count: number): Promise<void> => {
  await until(`${count} events handled`, () => record.count() === count, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}; ${record.count()} are`);
  });
  assert.deepEqual(record.violations, []);
};
