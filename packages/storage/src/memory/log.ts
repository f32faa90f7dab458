import type { Json } from '../collection.ts';
import { entriesToWrite, notReproducible } from '../documents/entries.ts';
import { compareText } from '../documents/order.ts';
import type { Appended, Entry, Log, NewEntry } from '../log.ts';

export interface Written {
  readonly position: number;
  readonly key: string;
  readonly text: string;
}

/** A stream whole. */
export interface HeldStream {
  readonly name: string;
  readonly last: number;
  readonly entries: readonly Written[];
}

interface Stream {
  /** Position of `entries[0]`. */
  first: number;
  entries: Written[];
  readonly byKey: Map<string, Written>;
}

/** Streams as arrays; every operation is one synchronous step. */
export class MemoryLog implements Log {
  readonly #checkOpen: () => void;
  readonly #streams = new Map<string, Stream>();

  constructor(checkOpen: () => void) {
    this.#checkOpen = checkOpen;
  }

  async append(stream: string, entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.#checkOpen();
    const ready = entriesToWrite(stream, entries);
    if (ready.length === 0) return [];
    const { first, entries: written, byKey } = this.#streams.get(stream) ?? emptyStream();
    const fresh = new Map<string, Written>();
    const appended = ready.map(({ key, text }): Appended => {
      const known = byKey.get(key) ?? fresh.get(key);
      if (known === undefined) {
        const position = first + written.length + fresh.size;
        fresh.set(key, { position, key, text });
        return { position, duplicate: false };
      }
      if (known.text !== text) throw notReproducible(stream, key);
      return { position: known.position, duplicate: true };
    });
    for (const [key, entry] of fresh) {
      byKey.set(key, entry);
      written.push(entry);
    }
    if (!this.#streams.has(stream)) this.#streams.set(stream, { first, entries: written, byKey });
    return appended;
  }

  async read(stream: string, after: number, limit: number): Promise<readonly Entry[]> {
    this.#checkOpen();
    const { first, entries } = this.#streams.get(stream) ?? emptyStream();
    const from = Math.max(0, after + 1 - first);
    return entries
      .slice(from, from + limit)
      .map(({ position, key, text }) => ({ position, key, data: JSON.parse(text) as Json }));
  }

  async last(stream: string): Promise<number> {
    this.#checkOpen();
    const { first, entries } = this.#streams.get(stream) ?? emptyStream();
    return first + entries.length - 1;
  }

  async trim(stream: string, through: number): Promise<void> {
    this.#checkOpen();
    const held = this.#streams.get(stream);
    if (held === undefined) return;
    const dropped = held.entries.splice(0, Math.max(0, through + 1 - held.first));
    for (const { key } of dropped) held.byKey.delete(key);
    held.first += dropped.length;
  }

  /** Streams by name, each with its entries as they are now. */
  streams(): readonly HeldStream[] {
    return [...this.#streams]
      .map(([name, { first, entries }]) => ({ name, last: first + entries.length - 1, entries: [...entries] }))
      .sort((left, right) => compareText(left.name, right.name));
  }

  put({ name, last, entries }: HeldStream): void {
    const byKey = new Map(entries.map((entry) => [entry.key, entry]));
    this.#streams.set(name, { first: last + 1 - entries.length, entries: [...entries], byKey });
  }

  async drop(stream: string): Promise<void> {
    this.#checkOpen();
    this.#streams.delete(stream);
  }
}

const emptyStream = (): Stream => ({ first: 1, entries: [], byKey: new Map() });
