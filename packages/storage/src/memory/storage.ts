import { SimfleetError } from '@simfleet/contracts';
import { checkDeclaration } from '../documents/declaration.ts';
import type { Storage } from '../storage.ts';
import { MemoryCollection } from './collection.ts';
import { MemoryLog } from './log.ts';
import { MemoryOutbox } from './outbox.ts';

/** A store that lives and dies with the process: for tests and trials. «Durable» means nothing more than «written» here. */
export const openMemoryStorage = (): Storage => {
  let open = true;
  const checkOpen = (): void => {
    if (!open) throw new SimfleetError('unavailable', 'The store is closed.');
  };
  const outbox = new MemoryOutbox();
  const collections = new Map<string, unknown>();
  return {
    description: 'memory',
    shared: false,
    log: new MemoryLog(checkOpen),
    outbox,
    async collection(declaration) {
      checkOpen();
      checkDeclaration(declaration);
      const known = collections.get(declaration.name);
      const collection = known ?? new MemoryCollection(declaration, outbox, checkOpen);
      collections.set(declaration.name, collection);
      // The caller names the document's type; the store keeps JSON and cannot know it.
      return collection as never;
    },
    dump: () => {
      throw new SimfleetError('unavailable', 'Not there yet.');
    },
    load: async () => {
      throw new SimfleetError('unavailable', 'Not there yet.');
    },
    async check() {
      checkOpen();
    },
    async close() {
      open = false;
    },
  };
};
