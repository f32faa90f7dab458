import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, DumpRecord } from '@simfleet/storage';
import type { Db } from 'mongodb';
import type { Connection } from '../connection.ts';
import { faultOf } from '../faults.ts';
import { declaredOf, headsOf, rowsOf, type Row } from '../layout.ts';
import { readEntries } from '../log/read.ts';
import { plainText } from '../ordered-text.ts';

/** Entries read at once. */
const batch = 1000;

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

async function* streams(db: Db): AsyncGenerator<DumpRecord> {
  const heads = headsOf(db).find({}, { sort: { _id: 1 }, projection: { last: 1, t: 1 } });
  for await (const { _id, last, t } of heads) {
    const name = plainText(_id);
    yield { kind: 'stream', name, last };
    // No further than `last`: what is appended meanwhile belongs to later.
    for (let after = t; after < last;) {
      const entries = await readEntries(db, name, after, Math.min(batch, last - after));
      for (const entry of entries) yield { kind: 'entry', stream: name, ...entry };
      const end = entries.at(-1)?.position;
      // Trimmed or dropped whole while it was read.
      if (end === undefined) throw new SimfleetError('unavailable', `Stream "${name}" was taken away during the dump.`);
      after = end;
    }
  }
}

async function* records(db: Db): AsyncGenerator<DumpRecord> {
  const waiting: Waiting[] = [];
  const declared = await declaredOf(db).find().toArray();
  declared.sort((a, b) => (a._id < b._id ? -1 : 1));
  for (const { _id: collection, declaration } of declared) {
    yield { kind: 'collection', declaration: JSON.parse(declaration) as CollectionDeclaration };
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

/** Each document with its events as it is when it is read, all of them before the streams. */
export async function* dumpMongo(connection: Connection): AsyncGenerator<DumpRecord> {
  connection.checkOpen();
  try {
    for await (const record of records(connection.patientDb)) {
      yield record;
      connection.checkOpen();
    }
  } catch (error) {
    connection.checkOpen();
    throw faultOf(error);
  }
}
