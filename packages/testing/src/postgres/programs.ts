import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { dirname } from 'node:path';

/** PostgreSQL refuses to run as root. */
interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The directory of the newest `initdb` and `postgres` of this machine: Debian keeps them out of PATH, one directory per version. */
export const postgresPrograms = (): string | null => {
  const versioned = globSync('/usr/lib/postgresql/*/bin/initdb').sort(
    (left, right) => Number(right.split('/')[4]) - Number(left.split('/')[4]),
  );
  const others = (process.env['PATH'] ?? '').split(':').map((directory) => `${directory}/initdb`);
  const found = [...versioned, ...others].find((path) => existsSync(path));
  return found === undefined ? null : dirname(found);
};

/** Why no PostgreSQL can be started here, or null: `test('…', { skip: postgresMissing() ?? false }, …)`. */
export const postgresMissing = (): string | null => {
  if (process.platform !== 'linux') return 'PostgreSQL is started on Linux only';
  return postgresPrograms() === null ? 'PostgreSQL is not installed (Debian: postgresql)' : null;
};

/** Whom the server runs as when the tests are root's: `postgres`, which the Debian package makes, else `nobody`. Null = as this process. */
export const serverAccount = (): Account | null => {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: '-u' | '-g', user: string): number =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) };
    } catch {
      // There is no such user: try the next.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody.');
};
