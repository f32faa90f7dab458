import { isDeepStrictEqual } from 'node:util';
import { SimfleetError } from '@simfleet/contracts';
import type { Appended, Entry, Log, NewEntry } from '../log.ts';

interface Stream {
  last: number;
  entries: readonly Entry[];
}

/** A log so plain that it is right by reading it: what the suite compares adapters with. */
export class LogModel implements Log {
  readonly #streams = new Map<string, Stream>();

  async append(name: string, entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    if (entries.length === 0) return [];
    const stream = { ...(this.#streams.get(name) ?? { last: 0, entries: [] }) };
    const appended: Appended[] = [];
    for (const { key, data } of entries) {
      const known = stream.entries.find((entry) => entry.key === key);
      if (known !== undefined && !isDeepStrictEqual(known.data, data)) throw new SimfleetError('not-reproducible', key);
      if (known === undefined) {
        stream.last += 1;
        stream.entries = [...stream.entries, { position: stream.last, key, data }];
      }
      appended.push({ position: known?.position ?? stream.last, duplicate: known !== undefined });
    }
    this.#streams.set(name, stream);
    return appended;
  }

  async read(name: string, after: number, limit: number): Promise<readonly Entry[]> {
    return (this.#streams.get(name)?.entries ?? []).filter(({ position }) => position > after).slice(0, limit);
  }

  async last(name: string): Promise<number> {
    return this.#streams.get(name)?.last ?? 0;
  }

  async trim(name: string, through: number): Promise<void> {
    const stream = this.#streams.get(name);
    if (stream !== undefined) stream.entries = stream.entries.filter(({ position }) => position > through);
  }

  async drop(name: string): Promise<void> {
    this.#streams.delete(name);
  }
}
