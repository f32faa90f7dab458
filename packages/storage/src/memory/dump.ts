import type { SimfleetEvent } from '@simfleet/contracts';
import type { Document, Json } from '../collection.ts';
import { inDumpOrder } from '../documents/dump-order.ts';
import { dumpToLoad, keyTwice, notEmpty, type ItemToLoad } from '../documents/dump-to-load.ts';
import { compareText } from '../documents/order.ts';
import type { DumpRecord } from '../dump.ts';
import { redeclare, type MemoryTable, type Row } from './collection.ts';
import type { MemoryLog, Written } from './log.ts';
import type { MemoryOutbox } from './outbox.ts';

/** Everything that a store in memory holds. */
export interface MemoryContent {
  readonly tables: Map<string, MemoryTable>;
  readonly outbox: MemoryOutbox;
  readonly log: MemoryLog;
}

/** The state at the first record: rows, events and entries are never changed once they are there, so that lists of them are a snapshot. */
export async function* dumpMemory(content: MemoryContent, checkOpen: () => void): AsyncGenerator<DumpRecord> {
  checkOpen();
  const declarations = inDumpOrder([...content.tables.values()].map(({ declaration }) => declaration));
  const tables = declarations.map((declaration) => ({
    declaration,
    rows: [...(content.tables.get(declaration.name)?.rows.values() ?? [])],
  }));
  const [events, streams] = [content.outbox.held(), content.log.streams()];
  for (const { declaration, rows } of tables) {
    yield { kind: 'collection', declaration };
    for (const { id, version, record } of rows.sort((left, right) => compareText(left.id, right.id))) {
      yield { kind: 'document', collection: declaration.name, id, version, doc: JSON.parse(record.text) as Document };
    }
  }
  for (const { collection, document, text } of events) {
    yield { kind: 'event', collection, document, event: JSON.parse(text) as SimfleetEvent };
  }
  for (const { name, last, entries } of streams) {
    yield { kind: 'stream', name, last };
    for (const { position, key, text } of entries) {
      yield { kind: 'entry', stream: name, position, key, data: JSON.parse(text) as Json };
    }
  }
}

const checkEmpty = ({ tables, outbox, log }: MemoryContent): void => {
  const documents = [...tables.values()].some(({ rows }) => rows.size > 0);
  if (documents || outbox.held().length > 0 || log.streams().length > 0) throw notEmpty();
};

/** What a dump holds, before any of it is put into the store. */
class Loading {
  readonly #tables = new Map<string, MemoryTable>();
  readonly #events: Extract<ItemToLoad, { readonly kind: 'event' }>[] = [];
  readonly #streams = new Map<string, { readonly last: number; readonly entries: Map<string, Written> }>();

  add(item: ItemToLoad): void {
    switch (item.kind) {
      case 'collection':
        this.#tables.set(item.declaration.name, { declaration: item.declaration, rows: new Map<string, Row>() });
        break;
      case 'document':
        this.#tables.get(item.collection)?.rows.set(item.id, item);
        break;
      case 'event':
        this.#events.push(item);
        break;
      case 'stream':
        this.#streams.set(item.name, { last: item.last, entries: new Map() });
        break;
      case 'entry': {
        const entries = this.#streams.get(item.stream)?.entries;
        const { key, text } = item.entry;
        if (entries?.has(key) === true) throw keyTwice(item.stream, key);
        entries?.set(key, { position: item.position, key, text });
      }
    }
  }

  /** One synchronous step. */
  putInto({ tables, outbox, log }: MemoryContent): void {
    for (const [name, loaded] of this.#tables) {
      const table = tables.get(name) ?? { declaration: loaded.declaration, rows: loaded.rows };
      redeclare(table, loaded.declaration);
      table.rows = loaded.rows;
      tables.set(name, table);
    }
    for (const { collection, document, event } of this.#events) outbox.add(collection, document, [event]);
    for (const [name, { last, entries }] of this.#streams) log.put({ name, last, entries: [...entries.values()] });
  }
}

export const loadMemory = async (
  content: MemoryContent,
  records: AsyncIterable<DumpRecord>,
  checkOpen: () => void,
): Promise<void> => {
  checkOpen();
  checkEmpty(content);
  const loading = new Loading();
  for await (const item of dumpToLoad(records)) loading.add(item);
  checkOpen();
  checkEmpty(content);
  loading.putInto(content);
};
