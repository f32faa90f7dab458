import type { Collection, Document, Log, Outbox, QueryPage, Storage } from '@simfleet/storage';

/** A healthy store made wrong in one way. */
export interface Fault {
  /** Start of the title of a check that must reject it. */
  readonly rejectedBy: string;
  spoil(healthy: Storage): Storage;
  /** Module that opens a faulty store which outlives its process, for faults that only a death shows. */
  readonly opener?: string;
  /** Whether the opener's stores may be opened several at once. */
  readonly shared?: boolean;
}

type AnyCollection = Collection<Document>;

/** Overrides some methods of every collection. */
export const spoilCollections = (
  healthy: Storage,
  override: (collection: AnyCollection, name: string) => Partial<AnyCollection>,
): Storage => ({
  ...healthy,
  async collection(declaration) {
    const collection: AnyCollection = await healthy.collection(declaration);
    const whole: AnyCollection = {
      get: (id) => collection.get(id),
      insert: (id, doc, events) => collection.insert(id, doc, events),
      save: (id, expected, doc, events) => collection.save(id, expected, doc, events),
      delete: (id, expected, events) => collection.delete(id, expected, events),
      query: (query) => collection.query(query),
      count: (filter, atMost) => collection.count(filter, atMost),
      ...override(collection, declaration.name),
    };
    return whole as never;
  },
});

export const spoilLog = (healthy: Storage, override: (log: Log) => Partial<Log>): Storage => {
  const { log } = healthy;
  const whole: Log = {
    append: (stream, entries) => log.append(stream, entries),
    read: (stream, after, limit) => log.read(stream, after, limit),
    last: (stream) => log.last(stream),
    trim: (stream, through) => log.trim(stream, through),
    drop: (stream) => log.drop(stream),
    ...override(log),
  };
  return { ...healthy, log: whole };
};

export const spoilOutbox = (healthy: Storage, override: (outbox: Outbox) => Partial<Outbox>): Storage => {
  const { outbox } = healthy;
  const whole: Outbox = {
    pending: (limit, except) => outbox.pending(limit, except),
    markPublished: (events) => outbox.markPublished(events),
    onCommit: (listener) => outbox.onCommit(listener),
    ...override(outbox),
  };
  return { ...healthy, outbox: whole };
};

type Row = QueryPage<Document>['rows'][number];
type Place = Row['position'];

/** A place in the order; 64-bit keys as bigint. */
interface Key {
  readonly key: unknown;
  readonly id: string;
}

/** Pages in an order of one's own, given for the ascending sort. */
export const spoilOrder = (healthy: Storage, compare: (left: Key, right: Key) => number): Storage =>
  spoilCollections(healthy, (collection) => ({
    async query(query) {
      const { after, before, ...question } = query;
      const { sort } = query;
      await collection.query(query);
      const { rows } = await collection.query({ ...question, limit: 1000 });
      const turn = (sort.direction === 'ascending' ? 1 : -1) * (before === undefined ? 1 : -1);
      const number = ({ key, id }: Place): Key => ({
        key: sort.field === 'serial' && key !== null ? BigInt(String(key)) : key,
        id,
      });
      const order = (left: Place, right: Place): number => turn * compare(number(left), number(right));
      const start = after ?? before;
      const walk = rows
        .filter(({ position }) => start === undefined || order(position, start) > 0)
        .toSorted((left, right) => order(left.position, right.position));
      const page = walk.slice(0, query.limit);
      return { rows: before === undefined ? page : page.reverse(), more: walk.length > query.limit };
    },
  }));

/** The right order of two keys: null first, text by its UTF-8 bytes. */
export const properly = (left: unknown, right: unknown): number => {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (typeof left === 'bigint') return Number(left - (right as bigint));
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  return Number(left) - Number(right);
};
