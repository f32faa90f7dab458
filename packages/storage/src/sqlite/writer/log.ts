import type { ItemToLoad } from '../../documents/dump-to-load.ts';
import { notReproducible, type EntryToWrite } from '../../documents/entries.ts';
import type { Statements } from '../statements.ts';
import type { Positions } from './calls.ts';

/** `entries.at` of a position; bigint, because stream · 2^32 outgrows a double. */
const at = (stream: number, position: number): bigint => (BigInt(stream) << 32n) | BigInt(position);

type LoadedStream = Extract<ItemToLoad, { readonly kind: 'stream' }>;
type LoadedEntry = Extract<ItemToLoad, { readonly kind: 'entry' }>;

const insertEntry =
  'INSERT INTO entries (at, stream, key, data) VALUES (?, ?, ?, ?) ON CONFLICT (stream, key) DO NOTHING';

const streamOf = (statements: Statements, name: string): { readonly id: number; readonly last: number } | undefined => {
  const row = statements.get('SELECT id, last FROM streams WHERE name = ?').get(name);
  return row === undefined ? undefined : { id: Number(row['id']), last: Number(row['last']) };
};

const createStream = (statements: Statements, name: string): { readonly id: number; readonly last: number } => {
  const { lastInsertRowid } = statements.get('INSERT INTO streams (name, last) VALUES (?, 0)').run(name);
  return { id: Number(lastInsertRowid), last: 0 };
};

export const appendEntries = (statements: Statements, name: string, entries: readonly EntryToWrite[]): Positions => {
  const { id, last } = streamOf(statements, name) ?? createStream(statements, name);
  const insert = statements.get(insertEntry);
  let next = last + 1;
  const positions = entries.map(({ key, text }) => {
    if (insert.run(at(id, next), id, key, text).changes === 1) {
      next += 1;
      return next - 1;
    }
    const known = statements
      .get('SELECT at & 4294967295 AS position, data FROM entries WHERE stream = ? AND key = ?')
      .get(id, key);
    if (known?.['data'] !== text) throw notReproducible(name, key);
    return -Number(known['position']);
  });
  if (next > last + 1) statements.get('UPDATE streams SET last = ? WHERE id = ?').run(next - 1, id);
  return positions;
};

/** A stream as a dump tells it; returns its number. */
export const createLoadedStream = (statements: Statements, { name, last }: LoadedStream): number => {
  const { id } = createStream(statements, name);
  statements.get('UPDATE streams SET last = ? WHERE id = ?').run(last, id);
  return id;
};

/** False when the stream has the key already. */
export const loadEntry = (statements: Statements, stream: number, { position, entry }: LoadedEntry): boolean =>
  statements.get(insertEntry).run(at(stream, position), stream, entry.key, entry.text).changes === 1;

export const trimStream = (statements: Statements, name: string, through: number): void => {
  const stream = streamOf(statements, name);
  if (stream === undefined) return;
  const end = at(stream.id, Math.max(0, Math.min(through, stream.last)));
  statements.get('DELETE FROM entries WHERE at BETWEEN ? AND ?').run(at(stream.id, 0), end);
};

export const dropStream = (statements: Statements, name: string): void => {
  const stream = streamOf(statements, name);
  if (stream === undefined) return;
  trimStream(statements, name, stream.last);
  statements.get('DELETE FROM streams WHERE id = ?').run(stream.id);
};
