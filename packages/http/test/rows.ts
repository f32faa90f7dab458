import type { Page, Principal } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Filter, Sort, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import { createCursorCodec, cursorKey, defineList } from '../src/index.ts';
import type { CursorCodec } from '../src/index.ts';

export interface Row {
  readonly customer: string;
  readonly rank: number | null;
}

export const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };
const codec = createCursorCodec({ keys: [cursorKey(1, Buffer.alloc(32, 7))], clock: fakeClock() });

export const rowsCollection = {
  name: 'rows',
  fields: { rank: { path: ['rank'], type: 'number' }, customer: { path: ['customer'], type: 'text' } },
  sorts: ['rank'],
} as const satisfies CollectionDeclaration;

export const rowsList = defineList({ list: 'rows', collection: rowsCollection, sorts: ['rank'], fallback: 'rank' });

export const idOf = (index: number): string => `row-${String(index).padStart(4, '0')}`;

/** Rows with these ranks, `row-0000` first. */
export const collectionOf = async (
  ranks: readonly (number | null)[],
  storage: Storage = openMemoryStorage(),
): Promise<Collection<Row>> => {
  const collection = await storage.collection<Row>(rowsCollection);
  await Promise.all(ranks.map((rank, index) => collection.insert(idOf(index), { customer: 'acme', rank })));
  return collection;
};

export interface Asked {
  readonly collection: Collection<Row>;
  readonly sort?: Sort;
  readonly filter?: Filter;
  readonly principal?: Principal;
  readonly cursors?: CursorCodec;
  readonly url?: string;
}

export interface Answered {
  readonly page: Page<string>;
  /** Links by relation. */
  readonly links: Readonly<Record<string, string>>;
}

/** What the list answers to these parameters, as a client sends them. Throws zod's error for mistakes. */
export const ask = async (
  { collection, sort, filter, principal = administrator, cursors = codec }: Asked,
  parameters: Readonly<Record<string, string | number>> = {},
): Promise<Answered> => {
  const texts = Object.entries(parameters).map(([name, value]) => [name, String(value)] as const);
  const sent = Object.fromEntries(texts);
  const query = rowsList.query.parse(sent);
  const { body, headers } = await rowsList.answer({
    codec: cursors,
    collection,
    query: sort === undefined ? query : { ...query, sort },
    ...(filter === undefined ? {} : { filter }),
    principal,
    url: `/v1/rows?${new URLSearchParams(sent).toString()}`,
    show: (rows) => rows.map(({ id }) => id),
  });
  return { page: body as Page<string>, links: linksOf(headers?.['link'] ?? '') };
};

const linksOf = (header: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...header.matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, url = '', relation = '']) => [relation, url]),
  );

/** The parameters of a link, to be asked again. */
export const parametersOf = (url: string | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(url?.split('?')[1] ?? ''));
