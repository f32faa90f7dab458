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
import { isName } from '../documents/name.ts';
import type { StoredKey } from '../documents/order.ts';
import { checkAtMost, conditionsOf, questionOf } from '../documents/question.ts';
import { checkId, eventsToWrite, recordToWrite, writtenAs } from '../documents/record.ts';
import { countSql, pageSql } from './question-sql.ts';
import type { Reader, Row } from './reader.ts';
import { tableOf } from './tables.ts';
import type { Writer } from './writer/writer.ts';

/** Reads on the main thread's connection, writes through the writer's thread. */
export class SqliteCollection<Doc extends Document> implements Collection<Doc> {
  readonly #declaration: CollectionDeclaration;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #find: string;

  constructor(declaration: CollectionDeclaration, reader: Reader, writer: Writer) {
    this.#declaration = declaration;
    this.#reader = reader;
    this.#writer = writer;
    this.#find = `SELECT id, version, doc FROM ${tableOf(declaration.name)} WHERE id = ? AND doc IS NOT NULL`;
  }

  async get(id: string): Promise<Stored<Doc> | null> {
    // The database would look for other text than what was asked: half a pair becomes U+FFFD.
    if (!isName(id)) return null;
    const row = this.#reader.get(this.#find, id);
    return row === undefined ? null : storedOf<Doc>(row);
  }

  async insert(id: string, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    checkId(id);
    const record = recordToWrite(this.#declaration, doc);
    const collection = this.#declaration.name;
    await this.#writer.call({ kind: 'insert', collection, id, record, events: eventsToWrite(events, 1) });
    return writtenAs(id, 1, record.text);
  }

  async save(id: string, expected: number, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    const record = recordToWrite(this.#declaration, doc);
    const version = expected + 1;
    const collection = this.#declaration.name;
    const ready = eventsToWrite(events, version);
    this.#checkName(id);
    await this.#writer.call({ kind: 'save', collection, id, expected, record, events: ready });
    return writtenAs(id, version, record.text);
  }

  async delete(id: string, expected: number, events: readonly NewEvent[] = []): Promise<void> {
    const ready = eventsToWrite(events, expected + 1);
    this.#checkName(id);
    await this.#writer.call({ kind: 'delete', collection: this.#declaration.name, id, expected, events: ready });
  }

  async query(query: Query): Promise<QueryPage<Doc>> {
    const question = questionOf(this.#declaration, query);
    const wanted = question.limit + 1;
    const found: Row[] = [];
    for (const { text, parameters } of pageSql(this.#declaration.name, question)) {
      if (found.length < wanted)
        found.push(...this.#reader.all(text, ...parameters, wanted - found.length, question.offset));
    }
    const rows = found.slice(0, question.limit).map((row) => {
      const key = showKey(question.type, row['key'] as StoredKey);
      return { ...storedOf<Doc>(row), position: { key, id: String(row['id']) } };
    });
    return { rows: question.backwards ? rows.reverse() : rows, more: found.length > question.limit };
  }

  async count(filter?: Filter, atMost?: number): Promise<number> {
    checkAtMost(atMost);
    const { text, parameters } = countSql(this.#declaration.name, conditionsOf(this.#declaration, filter), atMost);
    return Number(this.#reader.get(text, ...parameters)?.['count'] ?? 0);
  }

  #checkName(id: string): void {
    if (!isName(id)) throw new SimfleetError('not-found', `${this.#declaration.name} has no "${id}".`);
  }
}

const storedOf = <Doc>(row: Row): Stored<Doc> => ({
  id: String(row['id']),
  version: Number(row['version']),
  doc: JSON.parse(String(row['doc'])) as Doc,
});
