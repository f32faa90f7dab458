import { test } from 'node:test';
import { testStorage } from '@simfleet/storage/contract';
import { mongoMissing } from '@simfleet/testing';
import { openAt } from './opener.ts';
import { server } from './servers.ts';

const missing = mongoMissing();
if (missing === false) {
  const mongo = server();
  testStorage({
    name: 'mongodb',
    open: () => openAt(mongo.databaseUrl()),
    capabilities: {
      shared: true,
      durable: {
        opener: new URL('./opener.ts', import.meta.url).href,
        makeDirectory: async () => mongo.databaseUrl(),
        dropIndex: (url, collection, sort) =>
          mongo
            .raw(url, (client) => client.db().collection(collection).dropIndex(`${collection}-sort-${sort}`))
            .then(() => undefined),
      },
    },
  });
} else {
  test('mongodb', { skip: missing }, () => undefined);
}
