import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { SimfleetError } from '@simfleet/contracts';
import {
  openLeases,
  type Collection,
  type Document,
  type LeaseClock,
  type Leases,
  type Storage,
} from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';

interface Alarm {
  readonly at: number;
  readonly owner: Process;
  readonly callback: () => void;
}

/** One process of several on a store, with a clock of the world. */
export interface Process {
  readonly leases: Leases;
  readonly clock: LeaseClock;
  /** Names lost, in the order they were told. */
  readonly lost: string[];
  /** SIGSTOP: none of its timers fires, while time goes on. */
  paused: boolean;
  /** The store does not answer this process. */
  cutOff: boolean;
  /** Writes of this process. */
  writes: number;
  reads: number;
  /** Called before each call of the store, and before its answer arrives: to hold one up. */
  atCall: ((what: string, when: 'before' | 'after') => Promise<void>) | null;
}

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns += 1) await turnOfLoop();
};

/** Several processes on one store in memory, and time that is turned by hand. */
export class World {
  readonly storage = openMemoryStorage();
  #now = 0;
  #alarms: Alarm[] = [];
  readonly #stepMs = 50;

  /** Starts a process. */
  async process(): Promise<Process> {
    const clock: LeaseClock = {
      now: () => 1_767_225_600_000 + this.#now,
      monotonic: () => this.#now,
      after: (ms, callback) => {
        const alarm = { at: this.#now + ms, owner: started, callback };
        this.#alarms.push(alarm);
        return () => (this.#alarms = this.#alarms.filter((each) => each !== alarm));
      },
    };
    const silent = { info: () => undefined, warn: () => undefined };
    const started: { -readonly [Key in keyof Process]: Process[Key] } = {
      leases: undefined as unknown as Leases,
      clock,
      lost: [],
      paused: false,
      cutOff: false,
      writes: 0,
      reads: 0,
      atCall: null,
    };
    started.leases = await openLeases({ storage: this.#storageOf(started), clock, logger: silent });
    started.leases.onLost((names) => void started.lost.push(...names));
    await settle();
    return started;
  }

  /** Death: its timers never fire again. */
  kill(process: Process): void {
    process.paused = true;
    process.cutOff = true;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + this.#stepMs);
      const due = this.#alarms.filter(({ at, owner }) => at <= this.#now && !owner.paused);
      this.#alarms = this.#alarms.filter((alarm) => !due.includes(alarm));
      for (const { callback } of due) callback();
      await settle();
    }
  }

  /** Turns time until the condition holds; answers the milliseconds that it took. Throws after `mostMs`. */
  async until(condition: () => boolean | Promise<boolean>, mostMs = 20_000): Promise<number> {
    const start = this.#now;
    while (!(await condition())) {
      if (this.#now - start >= mostMs) throw new Error(`not within ${mostMs} ms`);
      await this.advance(this.#stepMs);
    }
    return this.#now - start;
  }

  #storageOf(process: Process): Pick<Storage, 'collection' | 'shared'> {
    const call = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
      await process.atCall?.(what, 'before');
      if (process.cutOff) throw new SimfleetError('unavailable', 'the store is away');
      const result = await work();
      await process.atCall?.(what, 'after');
      return result;
    };
    const wrap = <Doc extends Document>(inner: Collection<Doc>): Collection<Doc> => ({
      get: (id) => call('get', () => (process.reads++, inner.get(id))),
      insert: (...given) => call('insert', () => (process.writes++, inner.insert(...given))),
      save: (...given) => call('save', () => (process.writes++, inner.save(...given))),
      delete: (...given) => call('delete', () => (process.writes++, inner.delete(...given))),
      query: (query) => call('query', () => inner.query(query)),
      count: (...given) => call('count', () => inner.count(...given)),
    });
    return { shared: true, collection: async (declaration) => wrap(await this.storage.collection(declaration)) };
  }
}
