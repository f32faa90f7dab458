import type { Json } from '../collection.ts';
import { entriesToWrite } from '../documents/entries.ts';
import { isName } from '../documents/name.ts';
import type { Appended, Entry, Log, NewEntry } from '../log.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer/writer.ts';

/** Streams in one table, ordered by (stream, position). */
export class SqliteLog implements Log {
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(reader: Reader, writer: Writer) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async append(stream: string, entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    const ready = entriesToWrite(stream, entries);
    if (ready.length === 0) return [];
    const positions = await this.#writer.call({ kind: 'append', stream, entries: ready });
    return positions.map((position) => ({ position: Math.abs(position), duplicate: position < 0 }));
  }

  async read(stream: string, after: number, limit: number): Promise<readonly Entry[]> {
    if (!isName(stream)) return [];
    const rows = this.#reader.all(
      `SELECT at & 4294967295 AS position, key, data FROM entries
       WHERE at > (SELECT id << 32 FROM streams WHERE name = ?1) + CAST(?2 AS INTEGER)
         AND at <= (SELECT (id << 32) + last FROM streams WHERE name = ?1)
       ORDER BY at LIMIT ?3`,
      stream,
      Math.max(0, after),
      limit,
    );
    return rows.map(({ position, key, data }) => ({
      position: Number(position),
      key: String(key),
      data: JSON.parse(String(data)) as Json,
    }));
  }

  async last(stream: string): Promise<number> {
    if (!isName(stream)) return 0;
    return Number(this.#reader.get('SELECT last FROM streams WHERE name = ?', stream)?.['last'] ?? 0);
  }

  async trim(stream: string, through: number): Promise<void> {
    if (isName(stream)) await this.#writer.call({ kind: 'trim', stream, through });
  }

  async drop(stream: string): Promise<void> {
    if (isName(stream)) await this.#writer.call({ kind: 'drop', stream });
  }
}
