import { errorCode } from '@simfleet/contracts';
import type { Collection, NewEvent, Position, Query } from '../../collection.ts';
import type { Storage } from '../../storage.ts';
import { noteEvent, type Note } from '../samples.ts';
import type { Operation } from './arbitrary.ts';

/** One of the two stores that are compared, and what a run uses of it. */
export interface Side {
  readonly storage: Storage;
  readonly notes: Collection<Note>;
  /** In front of every stream's name. */
  readonly prefix: string;
}

/** What an operation is relative to: taken from the model once, so that both stores are asked the same. */
export interface Relative {
  /** Version of the document; 1 when there is none. */
  readonly version: number;
  /** Position of the row that a page starts beside. */
  readonly position: Position;
}

type Of<Kind extends Operation['kind']> = Extract<Operation, { readonly kind: Kind }>;

const eventsOf = (id: string, count: number): readonly NewEvent[] =>
  Array.from({ length: count }, (_, index) => noteEvent(id, `event ${index}`));

export const relativeTo = async ({ notes }: Side, operation: Operation): Promise<Relative> => {
  const version = 'id' in operation ? ((await notes.get(operation.id))?.version ?? 1) : 1;
  const nowhere: Position = { key: null, id: 'a' };
  if (operation.kind !== 'query' || !('row' in operation.start)) return { version, position: nowhere };
  const { rows } = await notes.query({ sort: operation.sort, limit: 1000 });
  return { version, position: rows[operation.start.row]?.position ?? nowhere };
};

/** What several at once were told. All ask the same, so that it does not matter who wins. */
const race = async (callers: number, attempt: () => Promise<unknown>): Promise<unknown> => {
  const results = await Promise.allSettled(Array.from({ length: callers }, attempt));
  const told = results.map((each) => (each.status === 'fulfilled' ? JSON.stringify(each.value) : codeOf(each.reason)));
  return told.toSorted();
};

/** The code of a refusal; anything else is a fault of the store. */
const codeOf = (error: unknown): string => {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return code;
};

const query = async ({ notes }: Side, operation: Of<'query'>, { position }: Relative): Promise<unknown> => {
  const { filter, sort, limit, start } = operation;
  const question: Query = { sort, limit, ...(filter === undefined ? {} : { filter }) };
  if (start.at === 'start') return notes.query(question);
  return notes.query({ ...question, ...('rows' in start ? { offset: start.rows } : { [start.at]: position }) });
};

const mark = async ({ outbox }: Storage, count: number): Promise<unknown> => {
  const pending = count === 0 ? [] : await outbox.pending(count);
  await outbox.markPublished(pending);
  return pending.map(({ event }) => event);
};

const askLog = ({ storage: { log }, prefix }: Side, operation: LogOperation): Promise<unknown> => {
  const stream = `${prefix} ${operation.stream}`;
  switch (operation.kind) {
    case 'append':
      return log.append(
        stream,
        operation.entries.map(([key, data]) => ({ key, data })),
      );
    case 'append race':
      return race(operation.racers, () => log.append(stream, [{ key: operation.key, data: 0 }]));
    case 'read':
      return log.read(stream, operation.after, operation.limit);
    case 'last':
      return log.last(stream);
    case 'trim':
      return log.trim(stream, operation.through);
    case 'drop':
      return log.drop(stream);
  }
};

type LogOperation = Of<'append' | 'append race' | 'read' | 'last' | 'trim' | 'drop'>;

const ask = async (side: Side, operation: Operation, relative: Relative): Promise<unknown> => {
  const { storage, notes } = side;
  const { version } = relative;
  switch (operation.kind) {
    case 'insert':
      return notes.insert(operation.id, operation.doc, eventsOf(operation.id, operation.events));
    case 'save':
      return notes.save(operation.id, version + operation.off, operation.doc, eventsOf(operation.id, operation.events));
    case 'delete':
      return notes.delete(operation.id, version + operation.off, eventsOf(operation.id, operation.events));
    case 'insert race':
      return race(operation.racers, () => notes.insert(operation.id, operation.doc, eventsOf(operation.id, 1)));
    case 'save race':
      return race(operation.racers, () => notes.save(operation.id, version, operation.doc, eventsOf(operation.id, 1)));
    case 'delete race':
      return race(operation.racers, () => notes.delete(operation.id, version, eventsOf(operation.id, 1)));
    case 'get':
      return notes.get(operation.id);
    case 'query':
      return query(side, operation, relative);
    case 'count':
      return notes.count(operation.filter, operation.atMost);
    case 'pending': {
      const except = operation.except.map((id) => `/notes/${id}`);
      return (await storage.outbox.pending(operation.limit, except)).map(({ event }) => event);
    }
    case 'mark':
      return mark(storage, operation.count);
    case 'reopen':
      return null;
    default:
      return askLog(side, operation);
  }
};

/** What a store answers, or the code of its refusal. */
export const answerOf = async (side: Side, operation: Operation, relative: Relative): Promise<unknown> => {
  try {
    return await ask(side, operation, relative);
  } catch (error) {
    return { refused: codeOf(error) };
  }
};
