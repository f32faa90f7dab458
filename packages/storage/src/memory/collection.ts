import { SimfleetError } from '@simfleet/contracts';
import type {
  Collection,
  CollectionDeclaration,
  Document,
  Filter,
  NewEvent,
  Query,
  QueryPage,
  Stored,
} from '../collection.ts';
import { showKey } from '../documents/fields.ts';
import { compareKeys, compareText, type StoredKey } from '../documents/order.ts';
import { checkAtMost, conditionsOf, questionOf, type Condition } from '../documents/question.ts';
import {
  checkId,
  eventsToWrite,
  keysAgain,
  recordToWrite,
  type EventToWrite,
  type RecordToWrite,
} from '../documents/record.ts';
import type { MemoryOutbox } from './outbox.ts';

export interface Row {
  readonly id: string;
  readonly version: number;
  readonly record: RecordToWrite;
}

/** What a collection holds; its handles look into it. Rows are never changed, only replaced. */
export interface MemoryTable {
  declaration: CollectionDeclaration;
  rows: Map<string, Row>;
}

/** Puts the table under another declaration. Throws `invalid-configuration` when a document does not fit it. */
export const redeclare = (table: MemoryTable, declaration: CollectionDeclaration): void => {
  if (JSON.stringify(table.declaration) === JSON.stringify(declaration)) return;
  const drawn = [...table.rows.values()].map(({ id, version, record }) => {
    const keys = keysAgain(declaration, id, JSON.parse(record.text));
    return [id, { id, version, record: { ...record, keys } }] as const;
  });
  table.rows = new Map(drawn);
  table.declaration = declaration;
};

const within = (key: StoredKey, from: StoredKey, to: StoredKey): boolean =>
  key !== null && (from === null || compareKeys(key, from) >= 0) && (to === null || compareKeys(key, to) < 0);

/** Documents as JSON text, so that no caller shares an object with the store. Every operation is one synchronous step. */
export class MemoryCollection<Doc extends Document> implements Collection<Doc> {
  readonly #table: MemoryTable;
  readonly #outbox: MemoryOutbox;
  readonly #checkOpen: () => void;

  constructor(table: MemoryTable, outbox: MemoryOutbox, checkOpen: () => void) {
    this.#table = table;
    this.#outbox = outbox;
    this.#checkOpen = checkOpen;
  }

  get #declaration(): CollectionDeclaration {
    return this.#table.declaration;
  }

  async get(id: string): Promise<Stored<Doc> | null> {
    this.#checkOpen();
    const row = this.#table.rows.get(id);
    return row === undefined ? null : this.#stored(row);
  }

  async insert(id: string, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    this.#checkOpen();
    checkId(id);
    const record = recordToWrite(this.#declaration, doc);
    const ready = eventsToWrite(events, 1);
    if (this.#table.rows.has(id) || this.#outbox.holds(this.#declaration.name, id)) {
      throw new SimfleetError('already-exists', `${this.#declaration.name} has "${id}" already.`);
    }
    return this.#write({ id, version: 1, record }, ready);
  }

  async save(id: string, expected: number, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    this.#checkOpen();
    const record = recordToWrite(this.#declaration, doc);
    const ready = eventsToWrite(events, expected + 1);
    this.#checkVersion(id, expected);
    return this.#write({ id, version: expected + 1, record }, ready);
  }

  async delete(id: string, expected: number, events: readonly NewEvent[] = []): Promise<void> {
    this.#checkOpen();
    const ready = eventsToWrite(events, expected + 1);
    this.#checkVersion(id, expected);
    this.#table.rows.delete(id);
    this.#outbox.add(this.#declaration.name, id, ready);
  }

  async query(query: Query): Promise<QueryPage<Doc>> {
    this.#checkOpen();
    const { conditions, field, type, ascending, backwards, start, limit, offset } = questionOf(
      this.#declaration,
      query,
    );
    const sign = ascending ? 1 : -1;
    const keyed = this.#matching(conditions).map((row) => ({ row, id: row.id, key: this.#keyOf(row.record, field) }));
    type Place = { readonly key: StoredKey; readonly id: string };
    const order = (a: Place, b: Place): number => sign * (compareKeys(a.key, b.key) || compareText(a.id, b.id));
    const walk = keyed.filter((place) => start === null || order(place, start) > 0).sort(order);
    const rows = walk
      .slice(offset, offset + limit)
      .map(({ row, id, key }) => ({ ...this.#stored(row), position: { key: showKey(type, key), id } }));
    return { rows: backwards ? rows.reverse() : rows, more: walk.length > offset + limit };
  }

  async count(filter?: Filter, atMost?: number): Promise<number> {
    this.#checkOpen();
    checkAtMost(atMost);
    return Math.min(this.#matching(conditionsOf(this.#declaration, filter)).length, atMost ?? Infinity);
  }

  #matching(conditions: readonly Condition[]): readonly Row[] {
    return [...this.#table.rows.values()].filter((row) => conditions.every((condition) => this.#holds(row, condition)));
  }

  #keyOf({ keys }: RecordToWrite, field: string): StoredKey {
    return keys[Object.keys(this.#declaration.fields).indexOf(field)] ?? null;
  }

  #holds({ record }: Row, condition: Condition): boolean {
    if (condition.op === 'label') {
      return record.labels.some(([key, value]) => key === condition.key && value === condition.value);
    }
    const key = this.#keyOf(record, condition.field);
    if (condition.op === 'in') return condition.keys.includes(key);
    if (condition.op === 'range') return within(key, condition.from, condition.to);
    return typeof key === 'string' && key.startsWith(condition.prefix);
  }

  #checkVersion(id: string, expected: number): void {
    const row = this.#table.rows.get(id);
    if (row === undefined) throw new SimfleetError('not-found', `${this.#declaration.name} has no "${id}".`);
    if (row.version === expected) return;
    throw new SimfleetError(
      'version-conflict',
      `${this.#declaration.name} "${id}" is at version ${row.version}, not ${expected}.`,
    );
  }

  #write(row: Row, events: readonly EventToWrite[]): Stored<Doc> {
    this.#table.rows.set(row.id, row);
    this.#outbox.add(this.#declaration.name, row.id, events);
    return this.#stored(row);
  }

  #stored({ id, version, record }: Row): Stored<Doc> {
    return { id, version, doc: JSON.parse(record.text) as Doc };
  }
}
