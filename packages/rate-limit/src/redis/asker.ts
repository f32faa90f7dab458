import { Command, Redis } from 'ioredis';
import type { Connection } from './connection.ts';
import type { Script } from './scripts.ts';
import { failure } from './trouble.ts';

const isMissing = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');

/** Sends commands, one for each thing that is asked, and answers within the time. */
export class Asker {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #secret: string | undefined;
  /** Scripts that are being loaded: one command loads for all that miss one at a time. */
  readonly #loading = new Map<Script, Promise<unknown>>();
  #corked = false;

  constructor(connection: Connection, timeoutMs: number, secret: string | undefined) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#secret = secret;
  }

  /** Runs a script; `words` are the number of keys, the keys, and the arguments. Throws `unavailable`, `invalid-request` for a log that is full. */
  run(script: Script, words: readonly string[]): Promise<unknown> {
    return this.#inTime(
      this.#send('evalsha', [script.sha, ...words]).catch((error: unknown) => {
        if (isMissing(error)) return this.#load(script, words);
        throw error;
      }),
    );
  }

  /** Any other command. Throws `unavailable`. */
  command(name: string, words: readonly string[]): Promise<unknown> {
    return this.#inTime(this.#send(name, words));
  }

  /** The server has lost its scripts: it was restarted, flushed, or is another one now. Nothing has been counted. */
  async #load(script: Script, words: readonly string[]): Promise<unknown> {
    const loading = this.#loading.get(script);
    if (loading === undefined) {
      const first = this.#send('eval', [script.text, ...words]);
      this.#loading.set(script, first);
      return first.finally(() => this.#loading.delete(script));
    }
    await loading.catch(() => undefined);
    try {
      return await this.#send('evalsha', [script.sha, ...words]);
    } catch (error) {
      // Another node of a cluster.
      if (isMissing(error)) return this.#send('eval', [script.text, ...words]);
      throw error;
    }
  }

  #send(name: string, words: readonly string[]): Promise<unknown> {
    const { client } = this.#connection;
    if (client instanceof Redis) this.#writeTogether(client);
    // Answers stay bytes: they are doubles.
    return client.sendCommand(new Command(name, words as string[], { replyEncoding: null })) as Promise<unknown>;
  }

  /** What is sent in one turn of the event loop goes to the system in one write, instead of one for each command. */
  #writeTogether({ stream, status }: Redis): void {
    if (this.#corked || status !== 'ready') return;
    this.#corked = true;
    stream.cork();
    queueMicrotask(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  #inTime(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        reject(failure(this.#connection.trouble() ?? error, this.#secret));
      };
      const timer = setTimeout(fail, this.#timeoutMs, new Error('timed out'));
      answer.then((value) => {
        clearTimeout(timer);
        resolve(value);
      }, fail);
    });
  }
}
