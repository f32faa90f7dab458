import type { Bus, DeadLetter } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Filter, Query, QueryPage } from '@simfleet/storage';

/** A letter as a row of a list. */
export interface LetterRow {
  readonly customer: string;
  readonly letter: DeadLetter;
}

/** What lists need to know of letters, which are in no collection: the bus has them. */
export const deadLetterList: CollectionDeclaration = {
  name: 'dead_letters',
  fields: { id: { path: ['letter', 'id'], type: 'text' }, consumer: { path: ['letter', 'consumer'], type: 'text' } },
  sorts: ['id'],
};

const batch = 200;

async function* lettersAfter(
  bus: Bus,
  start: string | undefined,
  filter: Filter | undefined,
): AsyncGenerator<DeadLetter> {
  for (let after = start; ;) {
    const letters = await bus.deadLetters({ ...(after === undefined ? {} : { after }), limit: batch });
    for (const letter of letters) {
      if (filter?.op !== 'eq' || filter.value === letter.consumer) yield letter;
    }
    after = letters.at(-1)?.id;
    if (after === undefined || letters.length < batch) return;
  }
}

const rowOf = (letter: DeadLetter): QueryPage<LetterRow>['rows'][number] => ({
  id: letter.id,
  version: 1,
  doc: { customer: letter.event.customer, letter },
  position: { key: letter.id, id: letter.id },
});

/** Forwards from a letter no more is read than the page; any other way all letters are, of which there are few or something is badly wrong. */
const pageOf = async (bus: Bus, query: Query): Promise<QueryPage<LetterRow>> => {
  const { filter, sort, limit, after, before, offset = 0 } = query;
  const ascending = sort.direction === 'ascending';
  const forward = ascending && before === undefined;
  const found: DeadLetter[] = [];
  for await (const letter of lettersAfter(bus, forward ? after?.id : undefined, filter)) {
    found.push(letter);
    if (forward && found.length > offset + limit) break;
  }
  if (!ascending) found.reverse();
  const isBeyond = (id: string, place: string): boolean => (ascending ? id > place : id < place);
  const first = after === undefined ? offset : found.filter(({ id }) => !isBeyond(id, after.id)).length;
  if (before === undefined)
    return { rows: found.slice(first, first + limit).map(rowOf), more: found.length > first + limit };
  const end = found.filter(({ id }) => isBeyond(before.id, id)).length;
  return { rows: found.slice(Math.max(0, end - limit), end).map(rowOf), more: end > limit };
};

/** The dead letters of the bus, listed as collections are. */
export const deadLetterRows = (bus: Bus): Pick<Collection<LetterRow>, 'query' | 'count'> => ({
  query: (query) => pageOf(bus, query),
  async count(filter, atMost = Number.POSITIVE_INFINITY) {
    let count = 0;
    for await (const _letter of lettersAfter(bus, undefined, filter)) {
      count += 1;
      if (count >= atMost) break;
    }
    return count;
  },
});

/** Throws `not-found`. */
export const needLetter = async (bus: Bus, id: string): Promise<DeadLetter> => {
  for await (const letter of lettersAfter(bus, undefined, undefined)) if (letter.id === id) return letter;
  throw new SimfleetError(
    'not-found',
    `there is no dead letter "${id}": it was replayed or discarded meanwhile, or never was`,
  );
};
