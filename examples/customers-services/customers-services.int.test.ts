import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mongoMissing, postgresMissing, startMongo, startPostgres } from '@simfleet/testing';
import { listServices } from './list-services.ts';
import { openCatalogue } from './open-catalogue.ts';
import type { Catalogue } from './port.ts';

/** A server of one kind: an empty place to put a catalogue into, as often as asked for. */
interface CatalogueServer {
  freshUrl(): Promise<string>;
  stop(): Promise<void>;
}

/** What every catalogue must do, whatever holds it. */
const testCatalogue = (name: string, skip: string | false, start: () => Promise<CatalogueServer>): void => {
  describe(name, { skip }, () => {
    let server: CatalogueServer;
    before(async () => {
      server = await start();
    });
    after(() => server.stop());

    const withCatalogue = async (check: (catalogue: Catalogue) => Promise<void>): Promise<void> => {
      const catalogue = await openCatalogue(await server.freshUrl());
      try {
        for (const service of ['zebra', 'Äpfel', 'asian-option'])
          await catalogue.putService({ name: service, description: `runs ${service}` });
        await check(catalogue);
      } finally {
        await catalogue.close();
      }
    };
    const namesFor = async (catalogue: Catalogue, customer: string): Promise<readonly string[] | undefined> =>
      (await listServices(catalogue, customer))?.map((service) => service.name);

    test('a customer gets its services, in code-point order, and all of them when none are named', () =>
      withCatalogue(async (catalogue) => {
        await catalogue.putCustomer({ id: 'acme', services: ['zebra', 'asian-option', 'not-there'] });
        await catalogue.putCustomer({ id: 'all', services: null });
        await catalogue.putCustomer({ id: 'none', services: [] });
        assert.deepEqual(await namesFor(catalogue, 'acme'), ['asian-option', 'zebra']);
        assert.deepEqual(await namesFor(catalogue, 'all'), ['asian-option', 'zebra', 'Äpfel']);
        assert.deepEqual(await namesFor(catalogue, 'none'), []);
        assert.equal(await listServices(catalogue, 'nobody'), null);
      }));

    test('what is put again replaces what was there', () =>
      withCatalogue(async (catalogue) => {
        await catalogue.putCustomer({ id: 'acme', services: ['zebra'] });
        await catalogue.putCustomer({ id: 'acme', services: ['Äpfel'] });
        await catalogue.putService({ name: 'Äpfel', description: 'mended' });
        assert.deepEqual(await listServices(catalogue, 'acme'), [{ name: 'Äpfel', description: 'mended' }]);
      }));
  });
};

testCatalogue('a file', false, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'catalogue-'));
  return {
    freshUrl: async () => `sqlite:${join(directory, randomUUID())}`,
    stop: () => rm(directory, { recursive: true }),
  };
});

testCatalogue('PostgreSQL', postgresMissing() ?? false, async () => {
  const server = await startPostgres();
  // A German database sorts Ä before z: the adapter has to hold its order all the same.
  return { freshUrl: () => server.createDatabase({ icuLocale: 'de-DE' }), stop: () => server.stop() };
});

testCatalogue('MongoDB', mongoMissing(), async () => {
  const server = await startMongo();
  return { freshUrl: async () => server.databaseUrl(), stop: () => server.stop() };
});
