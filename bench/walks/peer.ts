import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { pageSize } from './data.ts';
import type { NextPage } from './walk.ts';

const here = join(import.meta.dirname, 'peer');

interface Kysely {
  readonly Kysely: new (options: { readonly dialect: unknown }) => {
    selectFrom(table: string): { select(columns: readonly string[]): unknown };
  };
  readonly PostgresDialect: new (options: { readonly pool: Pool }) => unknown;
}

interface PeerPage {
  readonly items: readonly { readonly id: string }[];
  readonly nextPage?: string;
}

interface KyselyCursor {
  createPaginator(options: { readonly dialect: unknown }): { paginate(question: object): Promise<PeerPage> };
  readonly PostgresPaginationDialect: unknown;
}

/** Installs the peer as locked in `peer/`, in the user's cache, once. */
const install = (): NodeJS.Require => {
  const files = ['package.json', 'package-lock.json'];
  const key = createHash('sha256');
  for (const file of files) key.update(readFileSync(join(here, file)));
  const folder = join(homedir(), '.cache/simfleet/bench-walks', key.digest('hex').slice(0, 16));
  if (!existsSync(join(folder, 'ready'))) {
    mkdirSync(folder, { recursive: true });
    for (const file of files) copyFileSync(join(here, file), join(folder, file));
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'pipe' });
    writeFileSync(join(folder, 'ready'), '');
  }
  return createRequire(join(folder, 'package.json'));
};

/** A walk with kysely-cursor as its manual begins: by `created_at` and `id`, newest first. Throws when it cannot be installed. */
export const peerPages = (pool: Pool, table: string): { readonly name: string; readonly next: NextPage } => {
  const load = install();
  const { Kysely, PostgresDialect } = load('kysely') as Kysely;
  const { createPaginator, PostgresPaginationDialect } = load('kysely-cursor') as KyselyCursor;
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  const paginator = createPaginator({ dialect: PostgresPaginationDialect });
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  let token: string | undefined;
  let more = true;
  return {
    name: Object.entries(dependencies)
      .map((entry) => entry.join(' '))
      .join(', '),
    next: async () => {
      if (!more) return null;
      const page = await paginator.paginate({
        query: db.selectFrom(table).select(['id', 'created_at', 'note']),
        sorts: [
          { col: `${table}.created_at`, dir: 'desc', output: 'created_at' },
          { col: `${table}.id`, dir: 'desc', output: 'id' },
        ],
        limit: pageSize,
        ...(token === undefined ? {} : { cursor: { nextPage: token } }),
      });
      token = page.nextPage;
      more = token !== undefined;
      return page.items.map(({ id }) => id);
    },
  };
};
