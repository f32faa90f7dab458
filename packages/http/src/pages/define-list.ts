import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration, Document } from '@simfleet/storage';
import type { z } from 'zod';
import type { Answer } from '../routes/route.ts';
import { answerPage } from './links.ts';
import { listQuery, pageQueryMistakes, sortQuery } from './list-query.ts';
import { readPage } from './read-page.ts';
import type { ListRequest } from './read-page.ts';

type Shape = Readonly<Record<string, z.ZodType>>;

/** What a list over HTTP is made of. */
export interface ListDefinition<Filters extends Shape> {
  /** `jobs`; part of what cursors are bound to. */
  readonly list: string;
  readonly collection: CollectionDeclaration;
  /** Fields that the list can be sorted by, all of them sorts of the collection. */
  readonly sorts: readonly string[];
  /** The order when none is asked for: `name`, `-createdAt`. */
  readonly fallback: string;
  /** Query parameters of the list's own. */
  readonly filters?: Filters;
}

type SortParameter = { readonly sort: ReturnType<typeof sortQuery> };
type ListShape<Filters extends Shape> = (typeof listQuery)['shape'] & SortParameter & Filters;

export interface List<Filters extends Shape> {
  /** Query parameters for the route: those of every list, `sort`, and the filters. */
  readonly query: z.ZodObject<ListShape<Filters>, z.core.$strict>;
  /** Answers a page with its links. `list` names a list of its own for each parent: `customers/acme/services`. Throws `invalid-cursor`. */
  answer<Doc extends Document, Item>(
    request: Omit<ListRequest<Doc, Item>, 'list' | 'sort'> & {
      readonly list?: string;
      readonly query: { readonly sort: ListRequest<Doc, Item>['sort'] };
      readonly url: string;
    },
  ): Promise<Answer>;
}

/**
 * A list of the API. Made when routes are, before the server listens. Throws `invalid-configuration` when it offers a sort that the
 * collection does not declare and so has no index for.
 */
export const defineList = <Filters extends Shape = Record<never, never>>(
  definition: ListDefinition<Filters>,
): List<Filters> => {
  checkSorts(definition);
  const { list, sorts, fallback, filters } = definition;
  const query = listQuery.extend({ sort: sortQuery(sorts, fallback), ...filters }).superRefine((asked, context) => {
    for (const { name, detail } of pageQueryMistakes(asked))
      context.addIssue({ code: 'custom', path: [name], message: detail });
  });
  return {
    query: query as unknown as List<Filters>['query'],
    async answer({ url, ...request }) {
      return answerPage(url, await readPage({ list, ...request, sort: request.query.sort }));
    },
  };
};

const checkSorts = ({ list, collection, sorts, fallback }: ListDefinition<Shape>): void => {
  const refuse = (detail: string): never => {
    throw new SimfleetError('invalid-configuration', `the list "${list}" ${detail}`);
  };
  for (const sort of sorts) {
    if (!collection.sorts.includes(sort))
      refuse(
        `cannot be sorted by "${sort}": the collection "${collection.name}" has no index for it, only for ${collection.sorts.join(', ')}`,
      );
  }
  const plain = fallback.replace(/^-/, '');
  if (!sorts.includes(plain)) refuse(`is sorted by "${plain}" by default, but offers only ${sorts.join(', ')}`);
};
