import { openMongoCatalogue } from './mongodb-catalogue.ts';
import type { Catalogue } from './port.ts';
import { openPostgresCatalogue } from './postgres-catalogue.ts';
import { openSqliteCatalogue } from './sqlite-catalogue.ts';

/** `sqlite:<file>`, `postgres://…` or `mongodb://…`: the one place that knows which databases there are. */
export const openCatalogue = (url: string): Promise<Catalogue> => {
  const [scheme = '', rest = ''] = url.split(/:(.*)/s);
  if (scheme === 'sqlite') return openSqliteCatalogue(rest);
  if (scheme === 'postgres') return openPostgresCatalogue(url);
  if (scheme === 'mongodb') return openMongoCatalogue(url);
  throw new Error(`There is no driver "${scheme}". Choose one of: sqlite:, postgres:, mongodb:`);
};
