import type { SimfleetEvent } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, DumpRecord, Json } from '@simfleet/storage';
import { inDumpOrder } from '@simfleet/storage/documents';
import type { Connections, Row, Run } from './connections.ts';
import { shapeLock } from './migrate.ts';
import { tableOf } from './names.ts';

/** Rows read at once. Documents may be big: 200 of them bound the memory. */
const batch = 200;
/** For one batch. */
const limitMs = 60_000;

/** Rows in the order of `key`, batch by batch; `page` is a select of rows with a key beyond `$1`, at most `$2` of them. */
async function* walk(
  run: Run,
  page: string,
  key: string,
  start: unknown,
  values: readonly unknown[] = [],
): AsyncGenerator<Row> {
  for (let after = start; ;) {
    const { rows } = await run(page, [after, batch, ...values]);
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < batch) return;
    after = end[key];
  }
}

async function* documents(run: Run): AsyncGenerator<DumpRecord> {
  const { rows } = await run('SELECT declaration FROM simfleet.collections');
  const declared = rows.map((row) => JSON.parse(String(row['declaration'])) as CollectionDeclaration);
  for (const declaration of inDumpOrder(declared)) {
    const collection = declaration.name;
    yield { kind: 'collection', declaration };
    const page = `SELECT id, version, doc FROM ${tableOf(collection)} WHERE id > $1 ORDER BY id LIMIT $2`;
    for await (const { id, version, doc } of walk(run, page, 'id', '')) {
      yield { kind: 'document', collection, id: String(id), version: Number(version), doc: doc as Document };
    }
  }
}

async function* events(run: Run): AsyncGenerator<DumpRecord> {
  const page = 'SELECT seq, collection, document, event FROM simfleet.outbox WHERE seq > $1 ORDER BY seq LIMIT $2';
  for await (const { collection, document, event } of walk(run, page, 'seq', 0)) {
    yield {
      kind: 'event',
      collection: String(collection),
      document: String(document),
      event: JSON.parse(String(event)) as SimfleetEvent,
    };
  }
}

async function* streams(run: Run): AsyncGenerator<DumpRecord> {
  const page = 'SELECT name, id, last FROM simfleet.streams WHERE name > $1 ORDER BY name LIMIT $2';
  const entries = `SELECT position, key, data FROM simfleet.entries
                   WHERE stream = $3 AND position > $1 ORDER BY position LIMIT $2`;
  for await (const { name, id, last } of walk(run, page, 'name', '')) {
    const stream = String(name);
    yield { kind: 'stream', name: stream, last: Number(last) };
    for await (const { position, key, data } of walk(run, entries, 'position', 0, [id])) {
      const entry = { position: Number(position), key: String(key), data: JSON.parse(String(data)) as Json };
      yield { kind: 'entry', stream, ...entry };
    }
  }
}

/**
 * One snapshot of the store, read batch by batch as it is taken. Writers are not held up, but declarations that change a table are: a table that
 * PostgreSQL writes anew is empty in the snapshots that were there before.
 */
export async function* dumpStore(connections: Connections): AsyncGenerator<DumpRecord> {
  const { run, end } = await connections.snapshot(limitMs, `SELECT pg_advisory_lock_shared(${shapeLock})`);
  try {
    yield* documents(run);
    yield* events(run);
    yield* streams(run);
  } finally {
    end();
  }
}
