import { testStorage } from '@simfleet/storage/contract';
import { indexNameOf } from '../src/names.ts';
import { openAt } from './opener.ts';
import { withPostgres } from './server.ts';

withPostgres((server) => {
  const makeDirectory = (): Promise<string> => server().createDatabase();
  testStorage({
    name: 'postgresql',
    open: async () => openAt(await makeDirectory()),
    capabilities: {
      shared: true,
      durable: {
        opener: new URL('./opener.ts', import.meta.url).href,
        makeDirectory,
        async dropIndex(url, collection, sort) {
          await server().sql(`DROP INDEX simfleet."${indexNameOf(collection, [sort])}"`, url);
        },
      },
    },
  });
});
