import type { Appended, Entry, Json, Log, NewEntry } from '@simfleet/storage';
import { entriesToWrite } from '@simfleet/storage/documents';
import { Appender } from './appender.ts';
import type { Connections } from './connections.ts';
import { isKept } from './names.ts';

const read = {
  name: 'log.read',
  text: `SELECT position, key, data FROM simfleet.entries
         WHERE stream = (SELECT id FROM simfleet.streams WHERE name = $1) AND position > $2 ORDER BY position LIMIT $3`,
};
const last = { name: 'log.last', text: 'SELECT last FROM simfleet.streams WHERE name = $1' };

/** Entries that one statement removes: a big stream goes in pieces, none of which takes long. */
const piece = 20_000;
const trim = {
  name: 'log.trim',
  text: `DELETE FROM simfleet.entries WHERE stream = (SELECT id FROM simfleet.streams WHERE name = $1)
         AND position <= least($2::int8, (SELECT last FROM simfleet.streams WHERE name = $1),
           (SELECT min(position) + ${piece - 1} FROM simfleet.entries
            WHERE stream = (SELECT id FROM simfleet.streams WHERE name = $1)))`,
};
const drop = { name: 'log.drop', text: 'SELECT simfleet.drop_stream($1)' };

/** Whole numbers that PostgreSQL takes for a position or a count. */
const whole = (value: number): number => Math.trunc(Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER));

/** Streams in one table, ordered by (stream, position). */
export class PostgresLog implements Log {
  readonly #connections: Connections;
  readonly #appender: Appender;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.#appender = new Appender(connections);
  }

  async append(stream: string, entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    const ready = entriesToWrite(stream, entries);
    if (ready.length === 0) return [];
    const positions = await this.#appender.append(stream, ready);
    return positions.map((position) => ({ position: Math.abs(position), duplicate: position < 0 }));
  }

  async read(stream: string, after: number, limit: number): Promise<readonly Entry[]> {
    if (!isKept(stream)) return [];
    const { rows } = await this.#connections.run(read, [stream, whole(after), whole(limit)]);
    return rows.map(({ position, key, data }) => ({
      position: Number(position),
      key: String(key),
      data: JSON.parse(String(data)) as Json,
    }));
  }

  async last(stream: string): Promise<number> {
    if (!isKept(stream)) return 0;
    return Number((await this.#connections.run(last, [stream])).rows[0]?.['last'] ?? 0);
  }

  async trim(stream: string, through: number): Promise<void> {
    if (!isKept(stream)) return;
    let removed: number | null;
    do ({ rowCount: removed } = await this.#connections.run(trim, [stream, whole(through)]));
    while (removed === piece);
  }

  async drop(stream: string): Promise<void> {
    if (!isKept(stream)) return;
    const position = await this.last(stream);
    if (position > piece) await this.trim(stream, position - piece);
    await this.#connections.run(drop, [stream]);
  }
}
