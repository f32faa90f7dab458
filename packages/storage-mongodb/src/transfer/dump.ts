import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, DumpRecord, Json } from '@simfleet/storage';
import { inDumpOrder } from '@simfleet/storage/documents';
import type { Db } from 'mongodb';
import type { Connection } from '../connection.ts';
import { checkWhole } from '../declare/declare.ts';
import { faultOf } from '../faults.ts';
import { declaredOf, headsOf, rowsOf, type Head, type Row } from '../layout.ts';
import { gather } from '../log/read.ts';
import { plainText } from '../ordered-text.ts';

/** Entries read at once. */
const batch = 1000;
/** Heads read at once; each holds its newest entries, usually up to 256 KiB. */
const heads = 20;

/** An event that waits for the documents to be told. Held in memory: events that are not out are few, unless the bus is down. */
interface Waiting {
  readonly place: string;
  readonly record: DumpRecord;
}

const eventsOf = (collection: string, { _id, events = [] }: Row): readonly Waiting[] => {
  let place = '';
  return events.map(({ m, text }) => {
    place = m > place ? m : place;
    const event = JSON.parse(text) as SimfleetEvent;
    return { place, record: { kind: 'event', collection, document: plainText(_id), event } };
  });
};

/**
 * A stream as its head was when it was read. Chunks never change, so only a trim or a drop meanwhile can take entries away: before any was told the dump
 * has the stream as it is then, afterwards it throws `unavailable`.
 */
async function* stream(db: Db, head: Head): AsyncGenerator<DumpRecord> {
  const { _id, e, last } = head;
  const name = plainText(_id);
  let told = false;
  for (let after = head.t; !told || after < last;) {
    const entries = await gather(db, head, after + 1, Math.min(last, after + batch));
    if (entries.length === 0 && after < last) {
      const now = await headsOf(db).findOne({ _id, e }, { projection: { t: 1 } });
      if (now === null && !told) return;
      if (now === null || told || now.t <= after) {
        throw new SimfleetError('unavailable', `Stream "${name}" was trimmed or dropped while it was dumped.`);
      }
      after = Math.min(now.t, last);
      continue;
    }
    if (!told) yield { kind: 'stream', name, last };
    told = true;
    for (const { p, k, d } of entries)
      yield { kind: 'entry', stream: name, position: p, key: k, data: JSON.parse(d) as Json };
    after = entries.at(-1)?.p ?? last;
  }
}

/** Heads page by page: a cursor would not live as long as it may take to read what lies between two of its batches. */
async function* streams(db: Db): AsyncGenerator<DumpRecord> {
  for (let after = ''; ;) {
    const page = await headsOf(db)
      .find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit: heads })
      .toArray();
    for (const head of page) yield* stream(db, head);
    const end = page.at(-1)?._id;
    if (end === undefined || page.length < heads) return;
    after = end;
  }
}

async function* records(db: Db): AsyncGenerator<DumpRecord> {
  const waiting: Waiting[] = [];
  const found = await declaredOf(db).find().toArray();
  const declared = found.map(({ declaration }) => JSON.parse(declaration) as CollectionDeclaration);
  for (const declaration of inDumpOrder(declared)) {
    const collection = declaration.name;
    yield { kind: 'collection', declaration };
    const all = rowsOf(db, collection).find({}, { sort: { _id: 1 }, projection: { v: 1, doc: 1, events: 1 } });
    for await (const row of all) {
      // In one read with their document: a later event would name a version that the dump does not have.
      waiting.push(...eventsOf(collection, row));
      if (typeof row.doc !== 'string') continue;
      const doc = JSON.parse(row.doc) as Document;
      yield { kind: 'document', collection, id: plainText(row._id), version: row.v ?? 1, doc };
    }
  }
  waiting.sort((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)));
  for (const { record } of waiting) yield record;
  yield* streams(db);
}

/**
 * Each document with its events as it is when it is read, all of them before the streams. Throws `invalid-configuration` when the database has part of a
 * dump, also at the end: a load may have begun meanwhile.
 */
export async function* dumpMongo(connection: Connection): AsyncGenerator<DumpRecord> {
  connection.checkOpen();
  try {
    await checkWhole(connection.patientDb);
    for await (const record of records(connection.patientDb)) {
      yield record;
      connection.checkOpen();
    }
    await checkWhole(connection.patientDb);
  } catch (error) {
    connection.checkOpen();
    throw faultOf(error);
  }
}
