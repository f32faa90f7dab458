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
} from '@simfleet/storage';
import {
  checkAtMost,
  checkId,
  conditionsOf,
  eventsToWrite,
  questionOf,
  recordToWrite,
  showKey,
  writtenAs,
  type CommitListeners,
  type Question,
} from '@simfleet/storage/documents';
import type { Collection as Rows, UpdateFilter, WithId } from 'mongodb';
import type { Connection } from '../connection.ts';
import { hintOf } from '../declare/indexes.ts';
import { isDuplicate } from '../faults.ts';
import { rowsOf, type Row, type StoredEvent } from '../layout.ts';
import { orderedText, plainText } from '../ordered-text.ts';
import { rowsThat } from './conditions.ts';
import type { Marks } from './marks.ts';
import { sortOf, stretchesOf } from './page.ts';
import { contentOf, markedEvents, shapeOf } from './rows.ts';

const whole = { projection: { _id: 0, v: 1, doc: 1 } } as const;

/** One document of MongoDB per aggregate, its events within, so that each write is one command. */
export class MongoCollection<Doc extends Document> implements Collection<Doc> {
  readonly #declaration: CollectionDeclaration;
  readonly #fields: readonly string[];
  readonly #shape: string;
  readonly #connection: Connection;
  readonly #rows: Rows<Row>;
  readonly #marks: Marks;
  readonly #listeners: CommitListeners;

  constructor(declaration: CollectionDeclaration, connection: Connection, marks: Marks, listeners: CommitListeners) {
    this.#declaration = declaration;
    this.#fields = Object.keys(declaration.fields);
    this.#shape = shapeOf(declaration);
    this.#connection = connection;
    this.#rows = rowsOf(connection.db, declaration.name);
    this.#marks = marks;
    this.#listeners = listeners;
  }

  async get(id: string): Promise<Stored<Doc> | null> {
    const row = await this.#connection.run(() => this.#rows.findOne({ _id: orderedText(id) }, whole));
    return row === null || typeof row.doc !== 'string' ? null : storedOf<Doc>(id, row);
  }

  async insert(id: string, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    checkId(id);
    const record = recordToWrite(this.#declaration, doc);
    const marked = markedEvents(this.#marks, eventsToWrite(events, 1));
    const content = contentOf(this.#fields, this.#shape, record);
    const bare: Row = { _id: orderedText(id), v: 1, ...content };
    const row = marked.length === 0 ? bare : { ...bare, events: marked };
    try {
      await this.#connection.run(() => this.#rows.insertOne(row));
    } catch (error) {
      if (!(error instanceof Error) || !isDuplicate(error.cause)) throw error;
      await this.#connection.run(() => this.#insertAgain(row));
    }
    if (marked.length > 0) this.#listeners.tell();
    return writtenAs<Doc>(id, 1, record.text);
  }

  async save(id: string, expected: number, doc: Doc, events: readonly NewEvent[] = []): Promise<Stored<Doc>> {
    const record = recordToWrite(this.#declaration, doc);
    const version = expected + 1;
    const marked = markedEvents(this.#marks, eventsToWrite(events, version));
    const content = contentOf(this.#fields, this.#shape, record);
    await this.#write(id, expected, { $set: { v: version, ...content }, ...pushed(marked) });
    if (marked.length > 0) this.#listeners.tell();
    return writtenAs<Doc>(id, version, record.text);
  }

  async delete(id: string, expected: number, events: readonly NewEvent[] = []): Promise<void> {
    const marked = markedEvents(this.#marks, eventsToWrite(events, expected + 1));
    if (marked.length === 0 && (await this.#removeWithoutEvents(id, expected))) return;
    await this.#write(id, expected, { $unset: { v: '', doc: '', keys: '', labels: '', shape: '' }, ...pushed(marked) });
    if (marked.length > 0) this.#listeners.tell();
    // Its events may have gone out between the two writes.
    else await this.#connection.run(() => this.#removeEmptyTombstone(orderedText(id)));
  }

  async query(query: Query): Promise<QueryPage<Doc>> {
    const question = questionOf(this.#declaration, query);
    const found = await this.#connection.run(() => this.#find(question, question.limit + 1));
    const rows = found.slice(0, question.limit).map((row) => {
      const id = plainText(row._id);
      const stored = row.keys?.[question.field] ?? null;
      const key = showKey(question.type, typeof stored === 'string' ? plainText(stored) : stored);
      return { ...storedOf<Doc>(id, row), position: { key, id } };
    });
    return { rows: question.backwards ? rows.reverse() : rows, more: found.length > question.limit };
  }

  async count(filter?: Filter, atMost?: number): Promise<number> {
    checkAtMost(atMost);
    const matching = rowsThat(conditionsOf(this.#declaration, filter));
    const options = atMost === undefined ? {} : { limit: atMost };
    return this.#connection.run(() => this.#rows.countDocuments(matching, options));
  }

  /** Rows of one stretch after the other until there are enough. */
  async #find(question: Question, wanted: number): Promise<readonly WithId<Row>[]> {
    const hint = hintOf(this.#declaration, question);
    const found: WithId<Row>[] = [];
    for (const stretch of stretchesOf(question)) {
      if (found.length >= wanted) break;
      const options = {
        projection: { v: 1, doc: 1, [`keys.${question.field}`]: 1 },
        sort: sortOf(question),
        limit: wanted - found.length,
        skip: question.offset,
        ...(hint === null ? {} : { hint }),
      };
      found.push(...(await this.#rows.find(rowsThat(question.conditions, stretch), options).toArray()));
    }
    return found;
  }

  /** The id is taken, unless by what a death between the last mark of a tombstone and its removal left: one without events. */
  async #insertAgain(row: Row): Promise<unknown> {
    const taken = new SimfleetError('already-exists', `${this.#declaration.name} has "${plainText(row._id)}" already.`);
    if (!(await this.#removeEmptyTombstone(row._id))) throw taken;
    return this.#rows.insertOne(row).catch((again: unknown) => {
      throw isDuplicate(again) ? taken : again;
    });
  }

  /** The compare-and-set. Throws `version-conflict` and `not-found`. */
  async #write(id: string, expected: number, change: UpdateFilter<Row>): Promise<void> {
    await this.#connection.run(async () => {
      const { matchedCount } = await this.#rows.updateOne({ _id: orderedText(id), v: expected }, change);
      if (matchedCount === 0) throw await this.#mismatch(id, expected);
    });
  }

  async #removeWithoutEvents(id: string, expected: number): Promise<boolean> {
    const filter = { _id: orderedText(id), v: expected, 'events.0': { $exists: false } };
    const { deletedCount } = await this.#connection.run(() => this.#rows.deleteOne(filter));
    return deletedCount === 1;
  }

  async #removeEmptyTombstone(_id: string): Promise<boolean> {
    const filter = { _id, doc: null, 'events.0': { $exists: false } };
    return (await this.#rows.deleteOne(filter)).deletedCount === 1;
  }

  async #mismatch(id: string, expected: number): Promise<SimfleetError> {
    const { name } = this.#declaration;
    const row = await this.#rows.findOne({ _id: orderedText(id) }, { projection: { _id: 0, v: 1 } });
    if (row?.v === undefined) return new SimfleetError('not-found', `${name} has no "${id}".`);
    return new SimfleetError('version-conflict', `${name} "${id}" is at version ${row.v}, not ${expected}.`);
  }
}

const pushed = (events: readonly StoredEvent[]): UpdateFilter<Row> =>
  events.length === 0 ? {} : { $push: { events: { $each: [...events] } } };

const storedOf = <Doc>(id: string, { v = 0, doc }: Pick<Row, 'v' | 'doc'>): Stored<Doc> => ({
  id,
  version: v,
  doc: JSON.parse(doc ?? 'null') as Doc,
});
