import { after, before, test } from 'node:test';
import { postgresMissing, startPostgres, type PostgresOptions, type PostgresServer } from '@simfleet/testing';

/**
 * A server for the tests of a file, or one skipped test that says why there is none. Call at the top; `tests` ask for it when they run.
 */
export const withPostgres = (tests: (server: () => PostgresServer) => void, options: PostgresOptions = {}): void => {
  const missing = postgresMissing();
  if (missing !== null) {
    test('PostgreSQL', { skip: missing });
    return;
  }
  let server: PostgresServer | null = null;
  before(async () => {
    server = await startPostgres(options);
  });
  after(async () => {
    await server?.stop();
  });
  tests(() => {
    if (server === null) throw new Error('the server is not started yet');
    return server;
  });
};
