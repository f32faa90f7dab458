import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '../collection.ts';
import type { DumpRecord } from '../dump.ts';
import { inDumpOrder } from './dump-order.ts';
import { mistakeInDump, readDumpRecord } from './dump-record.ts';
import { entriesToWrite, type EntryToWrite } from './entries.ts';
import { storedJson } from './json.ts';
import { compareText } from './order.ts';
import { recordToWrite, type EventToWrite, type RecordToWrite } from './record.ts';

type Of<Kind extends DumpRecord['kind']> = Extract<DumpRecord, { readonly kind: Kind }>;

/** A record of a dump, checked and made ready to be written. */
export type ItemToLoad =
  | Of<'collection'>
  | Of<'stream'>
  | {
      readonly kind: 'document';
      readonly collection: string;
      readonly id: string;
      readonly version: number;
      readonly record: RecordToWrite;
    }
  /** `version` is that of the write that carried the event. When the dump has no such document, it is a tombstone. */
  | {
      readonly kind: 'event';
      readonly collection: string;
      readonly document: string;
      readonly version: number;
      readonly event: EventToWrite;
    }
  | { readonly kind: 'entry'; readonly stream: string; readonly position: number; readonly entry: EntryToWrite };

/** The order of a dump: what may come after what. Its methods answer what is wrong with the next record, or null. */
class DumpOrder {
  readonly #declared = new Map<string, CollectionDeclaration>();
  #stage: 'documents' | 'events' | 'streams' = 'documents';
  #collection = '';
  #id = '';
  #stream = '';
  #last = 0;
  /** Position of the entry before; 0 before the first of the stream. */
  #position = 0;

  declarationOf(collection: string): CollectionDeclaration {
    return this.#declared.get(collection) ?? { name: collection, fields: {}, sorts: [] };
  }

  next(record: DumpRecord): string | null {
    switch (record.kind) {
      case 'collection':
        return this.#nextCollection(record);
      case 'document':
        return this.#nextDocument(record);
      case 'event':
        return this.#nextEvent(record);
      case 'stream':
        return this.#nextStream(record);
      case 'entry':
        return this.#nextEntry(record);
    }
  }

  /** Entries are trimmed from the start only, so whatever a stream has ends with its last. */
  end(): string | null {
    return this.#stage === 'documents' ? this.#endDocuments() : this.#endStream();
  }

  #endDocuments(): string | null {
    const told = [...this.#declared.values()];
    const isOrdered = inDumpOrder(told).every(({ name }, index) => name === told[index]?.name);
    return isOrdered ? null : 'comes after collections that are out of order';
  }

  #endStream(): string | null {
    if (this.#position === 0 || this.#position === this.#last) return null;
    return `comes where entry ${this.#position + 1} of stream "${this.#stream}" should be`;
  }

  #nextCollection({ declaration }: Of<'collection'>): string | null {
    const { name } = declaration;
    if (this.#stage !== 'documents' || this.#declared.has(name)) return 'is a collection out of order';
    this.#declared.set(name, declaration);
    this.#collection = name;
    this.#id = '';
    return null;
  }

  #nextDocument({ collection, id }: Of<'document'>): string | null {
    if (this.#stage !== 'documents' || collection !== this.#collection) return 'is a document outside its collection';
    if (compareText(id, this.#id) <= 0) return 'is a document out of order';
    this.#id = id;
    return null;
  }

  #nextEvent({ collection }: Of<'event'>): string | null {
    if (this.#stage === 'streams') return 'is an event out of order';
    const wrong = this.#stage === 'documents' ? this.#endDocuments() : null;
    if (wrong !== null) return wrong;
    this.#stage = 'events';
    return this.#declared.has(collection) ? null : 'is an event of a collection that is not there';
  }

  #nextStream({ name, last }: Of<'stream'>): string | null {
    const missing = this.end();
    if (missing !== null) return missing;
    this.#stage = 'streams';
    if (compareText(name, this.#stream) <= 0) return 'is a stream out of order';
    this.#stream = name;
    this.#last = last;
    this.#position = 0;
    return null;
  }

  #nextEntry({ stream, position }: Of<'entry'>): string | null {
    if (this.#stage !== 'streams' || stream !== this.#stream) return 'is an entry outside its stream';
    if (position > this.#last || (this.#position > 0 && position !== this.#position + 1)) {
      return 'is an entry out of order';
    }
    this.#position = position;
    return null;
  }
}

const itemOf = (record: DumpRecord, order: DumpOrder): ItemToLoad => {
  switch (record.kind) {
    case 'collection':
    case 'stream':
      return record;
    case 'document': {
      const { collection, id, version, doc } = record;
      return { kind: 'document', collection, id, version, record: recordToWrite(order.declarationOf(collection), doc) };
    }
    case 'event': {
      const { collection, document, event } = record;
      const ready = { source: event.source, text: storedJson(event) };
      return { kind: 'event', collection, document, version: event.sourceversion, event: ready };
    }
    case 'entry': {
      const { stream, position, key, data } = record;
      const [entry] = entriesToWrite(stream, [{ key, data }]);
      return { kind: 'entry', stream, position, entry: entry ?? { key, text: 'null' } };
    }
  }
};

/**
 * The items of a dump, checked one by one: shape, order, JSON, types of declared fields. Throws `invalid-request` naming the record.
 * Left to the store: that no stream has a key twice.
 */
export async function* dumpToLoad(records: AsyncIterable<unknown>): AsyncGenerator<ItemToLoad> {
  const order = new DumpOrder();
  let index = 0;
  for await (const each of records) {
    const record = readDumpRecord(each, index);
    const wrong = order.next(record);
    if (wrong !== null) throw mistakeInDump(index, wrong);
    yield ready(record, order, index);
    index += 1;
  }
  const missing = order.end();
  if (missing !== null) throw mistakeInDump(index, missing);
}

const ready = (record: DumpRecord, order: DumpOrder, index: number): ItemToLoad => {
  try {
    return itemOf(record, order);
  } catch (error) {
    if (errorCode(error) !== 'invalid-request') throw error;
    throw mistakeInDump(index, `cannot be stored: ${(error as SimfleetError).detail}`, error);
  }
};

/** What a store answers when it is not empty. */
export const notEmpty = (): SimfleetError =>
  new SimfleetError('already-exists', 'The store is not empty: a dump is loaded into an empty one.');

/** What a store answers when a stream of a dump has a key twice. */
export const keyTwice = (stream: string, key: string): SimfleetError =>
  new SimfleetError('invalid-request', `The dump has the key "${key}" of stream "${stream}" twice.`);
