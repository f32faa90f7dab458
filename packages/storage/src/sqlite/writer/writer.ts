import { Worker } from 'node:worker_threads';
import { SimfleetError } from '@simfleet/contracts';
import type { StoredKey } from '../../documents/order.ts';
import { errorOf } from '../faults.ts';
import type { Call, FromWriter, Positions, Reply, ToWriter, WriterSettings } from './calls.ts';
import { packInto } from './packing.ts';

interface Waiting {
  readonly resolve: (positions: Positions) => void;
  readonly reject: (error: unknown) => void;
}

const done: Reply = { done: true };

/** How often the writer committed and for how many calls: their ratio is the gain of group commit. */
export interface WriterCounts {
  readonly commits: number;
  readonly calls: number;
}

/** The main thread's end of the writer. Calls of one turn of the event loop travel together; replies come in the order of the calls. */
export class Writer {
  readonly #worker: Worker;
  readonly #onEvents: () => void;
  readonly #waiting: Waiting[] = [];
  #unsent: (Call | StoredKey)[] = [];
  /** Index of the first waiting call without reply: shifting an array of thousands costs more than the reply. */
  #answered = 0;
  #commits = 0;
  #calls = 0;
  #closing: Promise<void> | null = null;
  #end: SimfleetError | null = null;
  #closed: () => void = () => undefined;

  constructor(worker: Worker, onEvents: () => void) {
    this.#worker = worker;
    this.#onEvents = onEvents;
    worker.on('message', (message: FromWriter) => this.#receive(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(undefined));
    worker.unref();
  }

  get counts(): WriterCounts {
    return { commits: this.#commits, calls: this.#calls };
  }

  /** Resolves once the call is durable. Throws what the call failed with, `unavailable` when the writer has ended. */
  call(call: Call): Promise<Positions> {
    if (this.#end !== null) return Promise.reject(this.#end);
    if (this.#closing !== null) return Promise.reject(new SimfleetError('unavailable', 'The store is closed.'));
    if (this.#waiting.length === this.#answered) this.#worker.ref();
    if (this.#unsent.length === 0) queueMicrotask(() => this.#send());
    packInto(this.#unsent, call);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Waits for the calls under way. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
      if (this.#end !== null) return resolve();
      this.#send();
      this.#worker.ref();
      this.#worker.postMessage({ kind: 'close' } satisfies ToWriter);
    });
    return this.#closing;
  }

  #send(): void {
    if (this.#unsent.length === 0) return;
    this.#worker.postMessage({ kind: 'calls', packed: this.#unsent } satisfies ToWriter);
    this.#unsent = [];
  }

  #receive(message: FromWriter): void {
    if (message.kind === 'closed') return this.#closed();
    if (message.kind !== 'replies') return;
    const { replies } = message;
    const count = typeof replies === 'number' ? replies : replies.length;
    this.#commits += 1;
    this.#calls += count;
    for (let index = 0; index < count; index += 1) this.#settle(typeof replies === 'number' ? done : replies[index]);
    if (this.#answered === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#answered = 0;
      if (this.#closing === null) this.#worker.unref();
    } else if (this.#answered > 4096) {
      this.#waiting.splice(0, this.#answered);
      this.#answered = 0;
    }
    if (message.events) this.#onEvents();
  }

  #settle(reply: Reply = done): void {
    const waiting = this.#waiting[this.#answered];
    this.#answered += 1;
    if (reply.done) waiting?.resolve(reply.positions ?? []);
    else waiting?.reject(errorOf(reply.fault));
  }

  #fail(cause: unknown): void {
    this.#end ??= new SimfleetError('unavailable', 'The writer of the store has ended.', { cause });
    for (const { reject } of this.#waiting.splice(0).slice(this.#answered)) reject(this.#end);
    this.#answered = 0;
    this.#closed();
  }
}

/** Starts the writer's thread and waits until its database is open and migrated. Throws what opening failed with. */
export const startWriter = async (settings: WriterSettings, onEvents: () => void): Promise<Writer> => {
  const worker = new Worker(new URL('./thread-main.ts', import.meta.url), {
    workerData: settings,
    // Flags of the process, such as --input-type, are none of the thread's business.
    execArgv: [],
  });
  const first = await new Promise<FromWriter>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if (first.kind === 'failed') {
    await worker.terminate();
    throw errorOf(first.fault);
  }
  return new Writer(worker, onEvents);
};
