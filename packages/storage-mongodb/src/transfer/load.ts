import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration, DumpRecord } from '@simfleet/storage';
import { dumpToLoad, keyTwice, notEmpty, type ItemToLoad } from '@simfleet/storage/documents';
import type { Db } from 'mongodb';
import type { Connection } from '../connection.ts';
import { declareCollection, partOfDump } from '../declare/declare.ts';
import type { Marks } from '../documents/marks.ts';
import { contentOf, markedEvents, shapeOf } from '../documents/rows.ts';
import { isDuplicate } from '../faults.ts';
import { chunksOf, declaredOf, headsOf, rowsOf, stateOf, type Row, type StoredEntry } from '../layout.ts';
import { chunkId, newEpoch, sealBytes, sealEntries, sizeOf } from '../log/heads.ts';
import { orderedText } from '../ordered-text.ts';

/** Documents written at once, by number and by units of text. */
const batchRows = 500;
const batchText = 4 * 1024 * 1024;

const isEmpty = async (db: Db): Promise<boolean> => {
  if ((await headsOf(db).findOne({}, { projection: { _id: 1 } })) !== null) return false;
  for (const { _id } of await declaredOf(db).find().toArray()) {
    if ((await rowsOf(db, _id).findOne({}, { projection: { _id: 1 } })) !== null) return false;
  }
  return true;
};

type Of<Kind extends ItemToLoad['kind']> = Extract<ItemToLoad, { readonly kind: Kind }>;

interface Stream {
  readonly name: string;
  readonly epoch: string;
  readonly last: number;
  /** Entries not yet in a chunk. */
  tail: StoredEntry[];
  bytes: number;
  /** Position of the first entry; null while there is none. */
  first: number | null;
}

/** Takes the items of a dump in its order and writes them in batches. */
class Loading {
  readonly #db: Db;
  readonly #marks: Marks;
  readonly #declared = new Map<string, CollectionDeclaration>();
  #collection = '';
  #rows: Row[] = [];
  #text = 0;
  #stream: Stream | null = null;

  constructor(db: Db, marks: Marks) {
    this.#db = db;
    this.#marks = marks;
  }

  async add(item: ItemToLoad): Promise<void> {
    switch (item.kind) {
      case 'collection':
        await this.#writeRows();
        await declareCollection(this.#db, item.declaration);
        this.#declared.set(item.declaration.name, item.declaration);
        return;
      case 'document':
        return this.#addDocument(item);
      case 'event':
        return this.#addEvent(item);
      case 'stream':
        await this.#endStream();
        this.#stream = { name: item.name, epoch: newEpoch(), last: item.last, tail: [], bytes: 0, first: null };
        return;
      case 'entry':
        return this.#addEntry(item);
    }
  }

  async end(): Promise<void> {
    await this.#writeRows();
    await this.#endStream();
  }

  async #addDocument({ collection, id, version, record }: Of<'document'>): Promise<void> {
    const declaration = this.#declared.get(collection);
    if (declaration === undefined) return;
    this.#collection = collection;
    const content = contentOf(Object.keys(declaration.fields), shapeOf(declaration), record);
    this.#rows.push({ _id: orderedText(id), v: version, ...content });
    this.#text += record.text.length;
    if (this.#rows.length >= batchRows || this.#text >= batchText) await this.#writeRows();
  }

  async #writeRows(): Promise<void> {
    const rows = this.#rows.splice(0);
    this.#text = 0;
    if (rows.length > 0) await rowsOf(this.#db, this.#collection).insertMany(rows);
  }

  /** A document that is not there becomes a tombstone. */
  async #addEvent({ collection, document, event }: Of<'event'>): Promise<void> {
    await this.#writeRows();
    const change = { $push: { events: { $each: [...markedEvents(this.#marks, [event])] } } };
    await rowsOf(this.#db, collection).updateOne({ _id: orderedText(document) }, change, { upsert: true });
  }

  async #addEntry({ stream, position, entry: { key, text } }: Of<'entry'>): Promise<void> {
    await this.#writeRows();
    const loading = this.#stream;
    if (loading === null) return;
    const entry = { p: position, k: key, d: text };
    if (loading.tail.length >= sealEntries || loading.bytes + sizeOf(entry) > sealBytes)
      await this.#writeChunk(loading);
    if (loading.tail.some(({ k }) => k === key)) throw keyTwice(stream, key);
    loading.first ??= position;
    loading.tail.push(entry);
    loading.bytes += sizeOf(entry);
  }

  /** Throws `invalid-request` when the stream has one of the keys in an earlier chunk. */
  async #writeChunk(loading: Stream): Promise<void> {
    const { name, epoch, tail } = loading;
    const [s, first, end] = [orderedText(name), tail[0], tail.at(-1)];
    if (first === undefined || end === undefined) return;
    await this.#checkKeys(loading);
    await chunksOf(this.#db).insertOne({ _id: chunkId(s, epoch, first.p), s, e: epoch, n: end.p, entries: tail });
    loading.tail = [];
    loading.bytes = 0;
  }

  async #checkKeys({ name, epoch, tail }: Stream): Promise<void> {
    const keys = tail.map(({ k }) => k);
    const filter = { s: orderedText(name), e: epoch, 'entries.k': { $in: keys } };
    const found = await chunksOf(this.#db).findOne(filter, { projection: { 'entries.k': 1 } });
    const twice = found?.entries.find(({ k }) => keys.includes(k));
    if (twice !== undefined) throw keyTwice(name, twice.k);
  }

  /** The head comes last: without it, a stream is not there. */
  async #endStream(): Promise<void> {
    const loading = this.#stream;
    this.#stream = null;
    if (loading === null) return;
    await this.#checkKeys(loading);
    const { name, epoch, last, first, tail } = loading;
    await headsOf(this.#db).insertOne({ _id: orderedText(name), e: epoch, last, t: (first ?? last + 1) - 1, tail });
  }
}

const wipe = async (db: Db): Promise<void> => {
  for (const { _id } of await declaredOf(db).find().toArray()) await rowsOf(db, _id).deleteMany({});
  await declaredOf(db).deleteMany({});
  await headsOf(db).deleteMany({});
  await chunksOf(db).deleteMany({});
};

const loadAll = async (db: Db, records: AsyncIterable<DumpRecord>, marks: Marks): Promise<void> => {
  const loading = new Loading(db, marks);
  for await (const item of dumpToLoad(records)) await loading.add(item);
  await loading.end();
};

/** Noted as begun before the first write and as ended after the last; while it is noted, no collection can be taken. */
const loadNoted = async (db: Db, records: AsyncIterable<DumpRecord>, marks: Marks): Promise<void> => {
  try {
    await stateOf(db).insertOne({ _id: 'load' });
  } catch (error) {
    throw isDuplicate(error) ? new SimfleetError('already-exists', partOfDump) : error;
  }
  if (!(await isEmpty(db))) {
    await stateOf(db).deleteOne({ _id: 'load' });
    throw notEmpty();
  }
  try {
    await loadAll(db, records, marks);
  } catch (error) {
    // Should this fail, the note stays, and the store says what it is.
    await wipe(db);
    await stateOf(db).deleteOne({ _id: 'load' });
    throw error;
  }
  await stateOf(db).deleteOne({ _id: 'load' });
};

/** Writes a dump into an empty store. What `records` throws is thrown as it is. */
export const loadMongo = async (
  connection: Connection,
  records: AsyncIterable<DumpRecord>,
  marks: Marks,
): Promise<void> => {
  let sourceFailed = false;
  let reason: unknown;
  const watched = async function* (): AsyncGenerator<DumpRecord> {
    try {
      yield* records;
    } catch (error) {
      sourceFailed = true;
      reason = error;
      throw error;
    }
  };
  try {
    await connection.run(() => loadNoted(connection.patientDb, watched(), marks));
  } catch (error) {
    throw sourceFailed ? reason : error;
  }
};
