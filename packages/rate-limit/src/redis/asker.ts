import type { Clock } from '@simfleet/runtime';
import { Command, Redis } from 'ioredis';
import { Deadlines } from '../loss/deadlines.ts';
import type { Connection } from './connection.ts';
import type { Script } from './scripts.ts';
import { failure } from './trouble.ts';

/** Answers stay bytes: they are doubles. */
const asBytes = { replyEncoding: null } as const;

/** Real time: what hangs is a socket. */
const clock: Pick<Clock, 'monotonic' | 'after'> = {
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Of 64 decisions in flight, 16 a write are decided half as fast again as all in one, and 4 a write no faster (two cores, server and client on one each). */
const commandsAWrite = 16;

const isMissing = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');

/** Sends commands, one for each thing that is asked, and answers within the time. */
export class Asker {
  readonly #connection: Connection;
  readonly #deadlines: Deadlines;
  readonly #secret: string | undefined;
  /** Scripts that are being loaded: one command loads for all that miss one at a time. */
  readonly #loading = new Map<Script, Promise<unknown>>();
  /** Commands of this turn of the event loop. */
  #held = 0;

  constructor(connection: Connection, timeoutMs: number, secret: string | undefined) {
    this.#connection = connection;
    this.#deadlines = new Deadlines(clock, timeoutMs);
    this.#secret = secret;
  }

  /**
   * Runs a script, and answers what `read` makes of its answer. `words` are the number of keys, the keys, and the arguments. Throws `unavailable`,
   * `invalid-request` for a log that is full.
   */
  run<Answer>(script: Script, words: readonly string[], read: (answer: Buffer) => Answer): Promise<Answer> {
    return this.#ask('evalsha', [script.sha, ...words], read, () => this.#load(script, words));
  }

  /** Any other command. Throws `unavailable`. */
  command(name: string, words: readonly string[]): Promise<void> {
    return this.#ask(name, words, () => undefined, null);
  }

  /** One promise more than ioredis' own, and no timer: this is the hot path. `load` is for who misses a script. */
  #ask<Answer>(
    name: string,
    words: readonly string[],
    read: (answer: Buffer) => Answer,
    load: (() => Promise<unknown>) | null,
  ): Promise<Answer> {
    const command = new Command(name, words as string[], asBytes);
    const waiting = this.#deadlines.add(() => command.reject(new Error('timed out')));
    return this.#send(command).then(
      (answer) => {
        waiting.answered();
        return read(answer as Buffer);
      },
      async (error: unknown) => {
        waiting.answered();
        if (load === null || !isMissing(error)) throw this.#failure(error);
        return read((await this.#inTime(load())) as Buffer);
      },
    );
  }

  /** The server has lost its scripts: it was restarted, flushed, or is another one now. Nothing has been counted. */
  async #load(script: Script, words: readonly string[]): Promise<unknown> {
    const again = (name: string, first: string): Promise<unknown> =>
      this.#send(new Command(name, [first, ...words], asBytes));
    const loading = this.#loading.get(script);
    if (loading === undefined) {
      const first = again('eval', script.text);
      this.#loading.set(script, first);
      return first.finally(() => this.#loading.delete(script));
    }
    await loading.catch(() => undefined);
    return again('evalsha', script.sha).catch((error: unknown) => {
      // Another node of a cluster.
      if (isMissing(error)) return again('eval', script.text);
      throw error;
    });
  }

  #inTime(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#failure(error));
      const waiting = this.#deadlines.add(() => fail(new Error('timed out')));
      answer.then(resolve, fail).finally(() => waiting.answered());
    });
  }

  #failure(error: unknown): Error {
    return failure(this.#connection.trouble() ?? error, this.#secret);
  }

  #send(command: Command): Promise<unknown> {
    const { client } = this.#connection;
    if (client instanceof Redis) this.#writeTogether(client);
    return client.sendCommand(command) as Promise<unknown>;
  }

  /**
   * What is sent in one turn of the event loop goes to the system in few writes, instead of one for each command; in several, so that the server works
   * on the first while the next are made.
   */
  #writeTogether({ stream, status }: Redis): void {
    if (status !== 'ready') return;
    if (this.#held > 0) {
      this.#held += 1;
      if (this.#held % commandsAWrite !== 0) return;
      stream.uncork();
      return stream.cork();
    }
    this.#held = 1;
    stream.cork();
    queueMicrotask(() => {
      this.#held = 0;
      stream.uncork();
    });
  }
}
