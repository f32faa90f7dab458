import type { SimfleetEvent } from '@simfleet/contracts';
import type { Outbox, PendingEvent } from '@simfleet/storage';
import type { CommitListeners } from '@simfleet/storage/documents';
import type { AnyBulkWriteOperation, Filter, WithId } from 'mongodb';
import type { Connection } from '../connection.ts';
import { outboxIndex } from '../declare/indexes.ts';
import { declaredOf, rowsOf, type Row } from '../layout.ts';

/** An event and its place among those of all aggregates. */
interface Placed {
  readonly collection: string;
  readonly id: string;
  readonly mark: string;
  /** The latest mark in its aggregate up to it: under differing clocks, too, no event overtakes an earlier one of its aggregate. */
  readonly place: string;
  readonly text: string;
}

/** For how many milliseconds the list of collections that others declared is taken as it was. */
const listAgeMs = 1000;

/** Events inside the documents of their aggregates; a sparse index leads to those documents alone, so that looking when there are none is cheap. */
export class MongoOutbox implements Outbox {
  readonly #connection: Connection;
  readonly #listeners: CommitListeners;
  #names: readonly string[] = [];
  #listed = -Infinity;

  constructor(connection: Connection, listeners: CommitListeners) {
    this.#connection = connection;
    this.#listeners = listeners;
  }

  /** A collection was declared here: its events are looked for from now on. */
  declared(name: string): void {
    if (!this.#names.includes(name)) this.#names = [...this.#names, name];
  }

  async pending(limit: number, except: readonly string[] = []): Promise<readonly PendingEvent[]> {
    const found = await this.#connection.run(async () => {
      const names = await this.#collections();
      return Promise.all(names.map((name) => this.#pendingIn(name, limit, except)));
    });
    return found
      .flat()
      .sort((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)))
      .slice(0, limit)
      .map(({ collection, id, mark, text }) => ({
        key: [collection, id, mark].join('\0'),
        event: JSON.parse(text) as SimfleetEvent,
      }));
  }

  async markPublished(events: readonly PendingEvent[]): Promise<void> {
    const places = events.map(({ key }) => key.split('\0'));
    const byCollection = Map.groupBy(places, ([collection = '']) => collection);
    await this.#connection.run(() =>
      Promise.all(
        [...byCollection].map(([collection, ofCollection]) => {
          const byId = Map.groupBy(ofCollection, ([, id = '']) => id);
          const marked = [...byId].map(([id, ofId]) => [id, ofId.map(([, , mark = '']) => mark)] as const);
          return rowsOf(this.#connection.db, collection).bulkWrite(markings(marked));
        }),
      ),
    );
  }

  onCommit(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async #collections(): Promise<readonly string[]> {
    if (performance.now() - this.#listed > listAgeMs) {
      const all = await declaredOf(this.#connection.db)
        .find({}, { projection: { _id: 1 } })
        .toArray();
      this.#names = [...new Set([...this.#names, ...all.map(({ _id }) => _id)])];
      this.#listed = performance.now();
    }
    return this.#names;
  }

  async #pendingIn(collection: string, limit: number, except: readonly string[]): Promise<readonly Placed[]> {
    // Asks for nothing that narrows the index on `events.m`: bounds would cost its order.
    const some: Filter<Row> =
      except.length === 0
        ? { 'events.0': { $exists: true } }
        : { events: { $elemMatch: { source: { $nin: [...except] } } } };
    const options = {
      sort: { 'events.m': 1 },
      limit,
      projection: { events: 1 },
      hint: outboxIndex(collection),
    } as const;
    const rows = await rowsOf(this.#connection.db, collection).find(some, options).toArray();
    return rows.flatMap((row) => placed(collection, row, except));
  }
}

const placed = (
  collection: string,
  { _id, events = [] }: WithId<Row>,
  except: readonly string[],
): readonly Placed[] => {
  let place = '';
  const all = events.map(({ m, source, text }) => {
    place = m > place ? m : place;
    return { collection, id: _id, mark: m, place, text, source };
  });
  return all.filter(({ source }) => !except.includes(source));
};

/** Takes the events out of their documents, and tombstones that have none left out of the collection. */
const markings = (
  marked: readonly (readonly [id: string, marks: readonly string[]])[],
): AnyBulkWriteOperation<Row>[] => [
  ...marked.map(([_id, marks]) => ({
    updateOne: { filter: { _id }, update: { $pull: { events: { m: { $in: [...marks] } } } } },
  })),
  {
    deleteMany: { filter: { _id: { $in: marked.map(([id]) => id) }, doc: null, 'events.0': { $exists: false } } },
  },
];
