import type { DumpRecord } from '@simfleet/storage';
import { dumpToLoad, keyTwice, notEmpty, type ItemToLoad } from '@simfleet/storage/documents';
import type { Connections, Run } from './connections.ts';
import { shapeCollection } from './declare.ts';
import { detailOf, stateOf } from './faults.ts';
import { shapeLock, shapingMs } from './migrate.ts';
import { tableOf } from './names.ts';

type Of<Kind extends ItemToLoad['kind']> = Extract<ItemToLoad, { readonly kind: Kind }>;

/** Rows and characters of one statement at most. */
const mostRows = 1000;
const mostCharacters = 4_000_000;

/** Rows on their way into one table; written when there are enough of them, or when other rows must come after them. */
class Rows {
  readonly #write: (columns: readonly (readonly unknown[])[]) => Promise<void>;
  #columns: unknown[][] = [];
  #characters = 0;

  constructor(write: (columns: readonly (readonly unknown[])[]) => Promise<void>) {
    this.#write = write;
  }

  async add(...row: readonly (string | number)[]): Promise<void> {
    row.forEach((value, index) => (this.#columns[index] ??= []).push(value));
    for (const value of row) this.#characters += typeof value === 'string' ? value.length : 8;
    if ((this.#columns[0]?.length ?? 0) >= mostRows || this.#characters >= mostCharacters) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#columns.length === 0) return;
    const columns = this.#columns;
    this.#columns = [];
    this.#characters = 0;
    await this.#write(columns);
  }
}

const lockEmpty = async (run: Run): Promise<void> => {
  const { rows } = await run('SELECT name FROM simfleet.collections ORDER BY name');
  const tables = ['simfleet.streams', 'simfleet.outbox', ...rows.map(({ name }) => tableOf(String(name)))];
  for (const table of tables) {
    // Nobody else writes until the dump is in.
    await run(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
    if ((await run(`SELECT FROM ${table} LIMIT 1`)).rowCount !== 0) throw notEmpty();
  }
};

/** The key that PostgreSQL names when a unique index refuses an entry. */
const repeatedKey = (error: unknown): string | undefined => {
  if (stateOf(error) !== '23505') return undefined;
  return /^Key \(stream, key\)=\(\d+, (.*)\) already exists\.$/s.exec(detailOf(error))?.[1];
};

class Loading {
  readonly #run: Run;
  #collection = '';
  #stream = { name: '', id: '' };

  constructor(run: Run) {
    this.#run = run;
  }

  readonly #documents = new Rows(async (columns) => {
    await this.#run(
      `INSERT INTO ${tableOf(this.#collection)} (id, version, doc)
       SELECT id, version, doc::jsonb FROM unnest($1::text[], $2::int8[], $3::text[]) AS loaded (id, version, doc)`,
      columns,
    );
  });

  readonly #events = new Rows(async (columns) => {
    await this.#run(
      `INSERT INTO simfleet.outbox (collection, document, source, event)
       SELECT collection, document, source, event
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
         AS loaded (collection, document, source, event, n) ORDER BY n`,
      columns,
    );
  });

  readonly #entries = new Rows(async (columns) => {
    try {
      await this.#run(
        `INSERT INTO simfleet.entries (stream, position, key, data)
         SELECT $4::int8, position, key, data FROM unnest($1::int8[], $2::text[], $3::text[]) AS loaded (position, key, data)`,
        [...columns, this.#stream.id],
      );
    } catch (error) {
      const key = repeatedKey(error);
      throw key === undefined ? error : keyTwice(this.#stream.name, key);
    }
  });

  async add(item: ItemToLoad): Promise<void> {
    switch (item.kind) {
      case 'collection':
        await this.#documents.flush();
        this.#collection = item.declaration.name;
        return shapeCollection(this.#run, item.declaration);
      case 'document':
        return this.#documents.add(item.id, item.version, item.record.text);
      case 'event':
        return this.#events.add(item.collection, item.document, item.event.source, item.event.text);
      case 'stream':
        return this.#addStream(item);
      case 'entry':
        return this.#entries.add(item.position, item.entry.key, item.entry.text);
    }
  }

  async flush(): Promise<void> {
    for (const rows of [this.#documents, this.#events, this.#entries]) await rows.flush();
  }

  async #addStream({ name, last }: Of<'stream'>): Promise<void> {
    await this.#entries.flush();
    const { rows } = await this.#run('INSERT INTO simfleet.streams (name, last) VALUES ($1, $2) RETURNING id', [
      name,
      last,
    ]);
    this.#stream = { name, id: String(rows[0]?.['id']) };
  }
}

/** Writes a dump in one transaction: all of it or nothing, whatever dies on the way. */
export const loadStore = (connections: Connections, records: AsyncIterable<DumpRecord>): Promise<void> =>
  connections.transaction(shapingMs, async (run) => {
    await run(`SELECT pg_advisory_xact_lock(${shapeLock})`);
    await lockEmpty(run);
    const loading = new Loading(run);
    for await (const item of dumpToLoad(records)) await loading.add(item);
    await loading.flush();
  });
