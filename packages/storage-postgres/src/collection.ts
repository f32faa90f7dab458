import { SimfleetError } from '@simfleet/contracts';
import type {
  Collection,
  CollectionDeclaration,
  Document,
  FieldDeclaration,
  Filter,
  NewEvent,
  Query,
  QueryPage,
  Stored,
} from '@simfleet/storage';
import {
  checkAtMost,
  checkId,
  conditionsOf,
  eventsToWrite,
  keyIn,
  questionOf,
  showKey,
  storedJson,
  writtenAs,
  type CommitListeners,
  type EventToWrite,
} from '@simfleet/storage/documents';
import { portKey } from './columns.ts';
import type { Answer, Connections } from './connections.ts';
import { idTaken, stateOf } from './faults.ts';
import { isKept } from './names.ts';
import { countSql, pageSql } from './question-sql.ts';
import { collectionStatements, type CollectionStatements } from './statements.ts';

/** One statement, so one round trip and one commit, per read or write; a refused write asks once more why. */
export class PostgresCollection<Doc extends Document> implements Collection<Doc> {
  readonly #declaration: CollectionDeclaration;
  readonly #connections: Connections;
  readonly #listeners: CommitListeners;
  readonly #sql: CollectionStatements;
  readonly #fields: readonly FieldDeclaration[];

  constructor(declaration: CollectionDeclaration, connections: Connections, listeners: CommitListeners) {
    this.#declaration = declaration;
    this.#connections = connections;
    this.#listeners = listeners;
    this.#sql = collectionStatements(declaration.name);
    this.#fields = Object.values(declaration.fields);
  }

  async get(id: string): Promise<Stored<Doc> | null> {
    if (!isKept(id)) return null;
    const row = (await this.#connections.run(this.#sql.find, [id])).rows[0];
    return row === undefined ? null : { id, version: Number(row['version']), doc: row['doc'] as Doc };
  }

  async insert(id: string, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    checkId(id);
    const text = this.#textOf(doc);
    const ready = eventsToWrite(events, 1);
    if (!(await this.#inserted(id, text, ready))) {
      throw new SimfleetError('already-exists', `${this.#declaration.name} has "${id}" already.`);
    }
    return writtenAs(id, 1, text);
  }

  async save(id: string, expected: number, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    const text = this.#textOf(doc);
    const ready = eventsToWrite(events, expected + 1);
    if (!isKept(id)) throw this.#missing(id);
    const written =
      ready.length === 0
        ? await this.#connections.run(this.#sql.save, [id, expected, text])
        : await this.#connections.run(this.#sql.saveTelling, [id, expected, text, ...columnsOf(ready)]);
    if (written.rowCount === 0) throw await this.#whyNot(id, expected);
    if (ready.length > 0) this.#listeners.tell();
    return writtenAs(id, expected + 1, text);
  }

  async delete(id: string, expected: number, events: readonly NewEvent[] = []): Promise<void> {
    const ready = eventsToWrite(events, expected + 1);
    if (!isKept(id)) throw this.#missing(id);
    const written =
      ready.length === 0
        ? await this.#connections.run(this.#sql.remove, [id, expected])
        : await this.#connections.run(this.#sql.removeTelling, [id, expected, ...columnsOf(ready)]);
    if (written.rowCount === 0) throw await this.#whyNot(id, expected);
    if (ready.length > 0) this.#listeners.tell();
  }

  async query(query: Query): Promise<QueryPage<Doc>> {
    const question = questionOf(this.#declaration, query);
    const { text, values } = pageSql(this.#declaration, question, question.limit + 1);
    const found = (await this.#connections.run(this.#connections.prepared(text), values)).rows;
    const rows = found.slice(0, question.limit).map((row) => {
      const id = String(row['id']);
      const position = { key: showKey(question.type, portKey(question.type, row['key'])), id };
      return { id, version: Number(row['version']), doc: row['doc'] as Doc, position };
    });
    return { rows: question.backwards ? rows.reverse() : rows, more: found.length > question.limit };
  }

  async count(filter?: Filter, atMost?: number): Promise<number> {
    checkAtMost(atMost);
    const { text, values } = countSql(this.#declaration, conditionsOf(this.#declaration, filter), atMost);
    const { rows } = await this.#connections.run(this.#connections.prepared(text), values);
    return Number(rows[0]?.['count'] ?? 0);
  }

  /** PostgreSQL draws the keys out of the document itself; here they are only checked. */
  #textOf(doc: Doc): string {
    const text = storedJson(doc);
    for (const field of this.#fields) keyIn(field, doc);
    return text;
  }

  async #inserted(id: string, text: string, events: readonly EventToWrite[]): Promise<boolean> {
    let written: Answer;
    try {
      written =
        events.length === 0
          ? await this.#connections.run(this.#sql.insert, [id, text])
          : await this.#connections.run(this.#sql.insertTelling, [id, text, ...columnsOf(events)]);
    } catch (error) {
      if (stateOf(error) === idTaken) return false;
      throw error;
    }
    if (written.rowCount !== 0 && events.length > 0) this.#listeners.tell();
    return written.rowCount !== 0;
  }

  #missing(id: string): SimfleetError {
    return new SimfleetError('not-found', `${this.#declaration.name} has no "${id}".`);
  }

  async #whyNot(id: string, expected: number): Promise<SimfleetError> {
    const row = (await this.#connections.run(this.#sql.find, [id])).rows[0];
    if (row === undefined) return this.#missing(id);
    const version = String(row['version']);
    return new SimfleetError(
      'version-conflict',
      version === String(expected)
        ? `${this.#declaration.name} "${id}" changed meanwhile.`
        : `${this.#declaration.name} "${id}" is at version ${version}, not ${expected}.`,
    );
  }
}

/** Two lists side by side, as `unnest` takes them. */
const columnsOf = (events: readonly EventToWrite[]): readonly [readonly string[], readonly string[]] => [
  events.map(({ source }) => source),
  events.map(({ text }) => text),
];
