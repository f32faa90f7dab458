import { notReproducible, type EntryToWrite } from '@simfleet/storage/documents';
import type { Connections } from './connections.ts';
import { detailOf, otherData, stateOf } from './faults.ts';

/** A positive position was written, a negative one was there already. */
type Positions = readonly number[];

interface Call {
  readonly entries: readonly EntryToWrite[];
  readonly done: PromiseWithResolvers<Positions>;
}

/** Entries and characters of one statement at most; a single call may have more. */
const mostEntries = 1000;
const mostCharacters = 4_000_000;

const append = { name: 'log.append', text: 'SELECT simfleet.append($1, $2, $3) AS positions' };

/**
 * Appends of one process to one stream, one statement at a time: what is asked meanwhile goes together into the next. They would wait for each
 * other at the stream's row anyway; so they share a commit instead.
 */
export class Appender {
  readonly #connections: Connections;
  readonly #waiting = new Map<string, Call[]>();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  append(stream: string, entries: readonly EntryToWrite[]): Promise<Positions> {
    const call: Call = { entries, done: Promise.withResolvers() };
    const waiting = this.#waiting.get(stream);
    if (waiting !== undefined) waiting.push(call);
    else {
      this.#waiting.set(stream, [call]);
      void this.#writeAll(stream);
    }
    return call.done.promise;
  }

  async #writeAll(stream: string): Promise<void> {
    for (let calls = this.#next(stream); calls.length > 0; calls = this.#next(stream)) await this.#write(stream, calls);
    this.#waiting.delete(stream);
  }

  /** Takes calls off the front: at least one when there is any. */
  #next(stream: string): readonly Call[] {
    const waiting = this.#waiting.get(stream) ?? [];
    let [taken, entries, characters] = [0, 0, 0];
    for (const call of waiting) {
      entries += call.entries.length;
      for (const { key, text } of call.entries) characters += key.length + text.length;
      if (taken > 0 && (entries > mostEntries || characters > mostCharacters)) break;
      taken += 1;
    }
    return waiting.splice(0, taken);
  }

  /** Settles every call. When one of several holds other data, nothing was written: then each is written by itself. */
  async #write(stream: string, calls: readonly Call[]): Promise<void> {
    try {
      const positions = await this.#send(
        stream,
        calls.flatMap(({ entries }) => entries),
      );
      let from = 0;
      for (const { entries, done } of calls) {
        done.resolve(positions.slice(from, from + entries.length));
        from += entries.length;
      }
    } catch (error) {
      if (stateOf(error) === otherData && calls.length > 1) {
        for (const call of calls) await this.#write(stream, [call]);
        return;
      }
      const fault = stateOf(error) === otherData ? notReproducible(stream, detailOf(error)) : error;
      for (const { done } of calls) done.reject(fault);
    }
  }

  async #send(stream: string, entries: readonly EntryToWrite[]): Promise<Positions> {
    const { rows } = await this.#connections.run(append, [
      stream,
      entries.map(({ key }) => key),
      entries.map(({ text }) => text),
    ]);
    return (rows[0]?.['positions'] as readonly string[]).map(Number);
  }
}
